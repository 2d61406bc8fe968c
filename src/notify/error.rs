//! Why there is nobody to tell, or nothing to read.

use std::io;
use std::path::PathBuf;

/// Why a sink cannot be made of the settings, or the list of another place cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No client for HTTP can be made.
    #[error("make a client for HTTP")]
    Client {
        /// What is missing, most likely the system's certificates.
        source: reqwest::Error,
    },
    /// What should be a URL is none, or one over which nothing may be sent.
    #[error("read the URL in {setting}: {problem}")]
    Url {
        /// Where it was written.
        setting: &'static str,
        /// What is wrong with it. The URL itself may be a secret.
        problem: &'static str,
    },
    /// A token holds characters that no token has.
    #[error("read the token of Slack's bot: it is no plain text on one line")]
    Token,
    /// A bot has no channel to write to.
    #[error("tell Slack by a bot: slack-token is set, slack-channel is not")]
    NoChannel,
    /// A channel is named, but there is no way to it.
    #[error(
        "tell Slack: slack-channel is set, but neither slack-token nor slack-webhook-url nor their \
         environment variables are"
    )]
    NoSlack,
    /// The service-account key cannot be read.
    #[error("read the service-account key `{}`", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The service-account key is not what it should be.
    #[error("read the service-account key `{}`: {problem}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong. What the file holds is a secret.
        problem: String,
    },
    /// Firebase did not hand out its list.
    #[error("read the alerts in Firebase: {why}")]
    List {
        /// What it said, for people; without secrets and control characters.
        why: String,
    },
}
