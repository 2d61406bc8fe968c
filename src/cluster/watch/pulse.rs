//! Asks the API server its version now and then: whether it answers at all is known within seconds.

use std::time::Duration;

use serde::Deserialize;
use tokio::time::{sleep, timeout};

use super::super::request::Ask;
use super::super::words::said;
use super::super::{Cluster, Error};
use super::ear::Ear;

/// How often it is asked while it answers.
const UP: Duration = Duration::from_secs(5);

/// How often while it does not.
const DOWN: Duration = Duration::from_secs(2);

/// The least time between two questions, however many doubt it.
const LEAST: Duration = Duration::from_millis(500);

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// Asks for ever.
pub(super) async fn pulse(ear: &Ear) {
    loop {
        let wait = match ear.cluster().version().await {
            Ok(version) => {
                ear.up(version);
                UP
            }
            Err(error) => {
                ear.down(&error);
                DOWN
            }
        };
        sleep(LEAST).await;
        // Whoever doubts it needs not wait.
        timeout(wait.saturating_sub(LEAST), ear.doubted()).await.ok();
    }
}

impl Cluster {
    /// The version of the API server.
    pub async fn version(&self) -> Result<String, Error> {
        let action = "ask the API server its version";
        let version = self.ask::<Version>(action, &Ask::get("/version"), WITHIN).await?;
        Ok(said(&version.git_version))
    }
}
