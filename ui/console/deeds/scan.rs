//! What was to be scanned, and what came of it.

use weir::engine::{Queued, Scans};
use weir::trivy::Freshness;

use super::super::{Message, ScanWish};
use crate::format;
use crate::panes::scan::{in_short, short_name};
use crate::text;
use crate::words::with_causes;

/// Has scanned what `wish` says, and says what came of it.
pub(super) async fn done(scans: &Scans, wish: ScanWish) -> Message {
    let done = match wish {
        ScanWish::One(image) => scans.scan(image, Freshness::New).await.map(|scan| {
            let summary = in_short(&scan.report.summary());
            format!("scanned {}: {summary}", short_name(&scan.image))
        }),
        ScanWish::All => scans.scan_all(Freshness::Kept).map(|queued| put(&queued)),
    };
    Message::Told(done.unwrap_or_else(|error| text::clean(&with_causes(&error))))
}

/// How many images wait from now on, and for how many there was no room.
fn put(Queued { images, left_out }: &Queued) -> String {
    let count = |images: &usize| format::counted(*images as u64, "image");
    match (images, left_out) {
        (0, 0) => "each image that runs has a fresh report, or waits for one".into(),
        (_, 0) => format!("{} to be scanned, one after the other", count(images)),
        _ => format!(
            "{} to be scanned; {} had no room: press `V` again later",
            count(images),
            count(left_out)
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::watch;
    use weir::engine::{Handle, Snapshot};

    use super::*;

    #[tokio::test]
    async fn where_nothing_is_scanned_it_is_said_why() {
        let (_snapshots, seen) = watch::channel(Arc::new(Snapshot::default()));
        let handle = Handle::new(seen, Arc::default());
        for wish in [ScanWish::One("nginx:1.25".parse().unwrap()), ScanWish::All] {
            let Message::Told(words) = done(handle.scans(), wish).await else {
                panic!("it is told in words");
            };
            assert_eq!(words, "this engine scans no images");
        }
    }

    #[test]
    fn images_for_which_there_was_no_room_are_told() {
        let words = |images, left_out| put(&Queued { images, left_out });
        assert_eq!(words(0, 0), "each image that runs has a fresh report, or waits for one");
        assert_eq!(words(1, 0), "1 image to be scanned, one after the other");
        let full = "256 images to be scanned; 44 images had no room: press `V` again later";
        assert_eq!(words(256, 44), full);
    }
}
