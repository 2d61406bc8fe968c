//! Images that run in a cluster.

use weir::cluster::Place;
use weir::engine::{RunningImage, RunningImages, running_images};

use super::Error;
use super::outcome::Wanted;
use crate::format::counted;
use crate::paper::aside;
use crate::{survey, text};

/// Each of them once, at the digest that runs where its node says which that is.
pub(super) async fn images(place: Place) -> Result<Vec<Wanted>, Error> {
    let (status, world) = survey::look(survey::connect(place).await?).await?;
    // Without pods there would be nothing wrong anywhere.
    status.listed("pods")?;
    for watch in &status.watches {
        if let Some(why) = &watch.failure {
            aside(&format!("{} are left out: {}", watch.resource, text::clean(why)));
        }
    }
    let RunningImages { images, unnamed } = running_images(&world);
    if unnamed > 0 {
        let unnamed = counted(unnamed as u64, "image");
        aside(&format!("{unnamed} left out: a registry would know none of that name"));
    }
    Ok(images.into_iter().map(wanted).collect())
}

fn wanted(running: RunningImage) -> Wanted {
    let target = running.target();
    let RunningImage { image, workloads, .. } = running;
    Wanted { name: image, target, workloads }
}
