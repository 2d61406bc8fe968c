//! What was to be scanned, and what came of it.

use weir::engine::Scans;
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
        ScanWish::All => scans.scan_all(Freshness::Kept).map(|count| match count {
            0 => "each image that runs has a fresh report, or waits for one".into(),
            count => {
                let images = format::counted(count as u64, "image");
                format!("{images} to be scanned, one after the other")
            }
        }),
    };
    Message::Told(done.unwrap_or_else(|error| text::clean(&with_causes(&error))))
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
}
