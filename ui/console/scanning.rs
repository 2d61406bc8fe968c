//! What is done about images: the selected one, all that run, or one that is named is scanned.
//!
//! Nothing in the cluster is changed by that, so that whoever may only look may have it done too.

use weir::posture::image::ImageName;

use super::muting::Mistake;
use super::prompt::Prompt;
use super::{Console, Effect};
use crate::keymap::Action;
use crate::panes::Subject;
use crate::panes::scan::short_name;
use crate::text;

/// What is to be scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ScanWish {
    /// An image, whatever is known of it.
    One(ImageName),
    /// All images that run and have no fresh report.
    All,
}

/// The image that `text` names.
pub(super) fn image_of(text: &str) -> Result<ImageName, Mistake> {
    let named = text.trim().parse::<ImageName>();
    named.map_err(|wrong| Mistake { message: wrong.to_string(), span: 0..text.len() })
}

impl Console {
    /// Has scanned what `action` says, or says why it cannot be.
    pub(super) fn scan(&mut self, action: Action) -> Option<Effect> {
        if let Some(why) = &self.snapshot.scans.absent {
            self.notice = Some(text::clean(why));
            return None;
        }
        let subject = self.top().subject(&self.scene());
        match (action, subject) {
            (Action::ScanNamed, _) => self.prompt = Some(Prompt::image()),
            (Action::ScanAll, _) if self.top().lists_images() => {
                return Some(Effect::Scan(ScanWish::All));
            }
            // Whoever did not mean it would have Trivy at work for long.
            (Action::ScanAll, _) => {
                self.notice = Some("turn to the page of images first: `i`".into());
            }
            (_, Some(Subject::Image(status))) => return Some(self.scan_one(status.target())),
            _ => self.notice = Some("select an image first: `i` lists them".into()),
        }
        None
    }

    /// Has the image scanned that is written; where that is none, what is wrong is said.
    pub(super) fn scan_written(&mut self) -> Option<Effect> {
        let image = self.prompt.as_mut().and_then(Prompt::named_image)?;
        self.prompt = None;
        Some(self.scan_one(image))
    }

    fn scan_one(&mut self, image: ImageName) -> Effect {
        self.notice = Some(format!("{} is to be scanned", short_name(&image)));
        Effect::Scan(ScanWish::One(image))
    }
}
