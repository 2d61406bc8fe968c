//! All sinks at once, and the headless engine that tells them.

use std::path::Path;
use std::process::{Command, Stdio};

use super::account::ServiceAccount;
use super::alertmanager::Alertmanager;
use super::fault::{Fault, Step};
use super::firebase::{Firebase, Gate};
use super::server::Server;
use super::slack::SlackWebhook;
use super::token::TokenEndpoint;
use super::webhook::Webhook;
use crate::support::flows::Folder;

/// What the webhook's messages are signed with.
const SECRET: &str = "a secret that two share";

/// Every service that can be told, and the one that lets in to Firebase.
pub struct Sinks {
    pub slack: Server<SlackWebhook>,
    pub firebase: Server<Firebase>,
    pub tokens: Server<TokenEndpoint>,
    pub alertmanager: Server<Alertmanager>,
    pub webhook: Server<Webhook>,
    account: ServiceAccount,
}

/// One of the sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    Slack,
    Firebase,
    Tokens,
    Alertmanager,
    Webhook,
}

impl Which {
    /// Every socket.
    pub const ALL: [Self; 5] =
        [Self::Slack, Self::Firebase, Self::Tokens, Self::Alertmanager, Self::Webhook];
}

impl Sinks {
    /// Starts them; `account` is who may write to Firebase.
    pub fn start(account: &ServiceAccount) -> Self {
        let url = |address| format!("http://{address}/token");
        let tokens = Server::start(|address| TokenEndpoint::new(account, url(address)));
        let issued = tokens.with(|tokens| tokens.issued.clone());
        Self {
            slack: Server::start(|_| SlackWebhook::default()),
            firebase: Server::start(|_| Firebase::new(Gate::Issued(issued))),
            tokens,
            alertmanager: Server::start(|_| Alertmanager::default()),
            webhook: Server::start(|_| Webhook::new(SECRET)),
            account: account.clone(),
        }
    }

    /// An engine that replays `capture` into `database` and tells them all. Its key lies in `folder`.
    pub fn engine(&self, folder: &Folder, capture: &Path, database: &Path, log: &Path) -> Command {
        let key = self.account.key_file(&self.tokens.url("/token")).to_string();
        let key = folder.file("service-key.json", key.as_bytes());
        let mut weir = Command::new(env!("CARGO_BIN_EXE_weir"));
        weir.args(["--api", "--listen", "127.0.0.1:0", "--log-level", "info", "--replay"]);
        weir.arg(capture).arg("--database").arg(database).arg("--log-file").arg(log).env_clear();
        weir.env("SLACK_WEBHOOK_URL", self.slack.url("/services/T0/B0/x"));
        weir.env("WEIR_FIREBASE_URL", self.firebase.url("")).env("WEIR_FIREBASE_KEY_FILE", key);
        weir.env("WEIR_ALERTMANAGER_URL", self.alertmanager.url(""));
        weir.env("WEIR_WEBHOOK_URL", self.webhook.url("/in")).env("WEIR_WEBHOOK_SECRET", SECRET);
        weir.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        weir
    }

    /// The next requests to `which` fail in this way, one each.
    pub fn fail(&self, which: Which, faults: impl IntoIterator<Item = Fault>) {
        match which {
            Which::Slack => self.slack.fail(faults),
            Which::Firebase => self.firebase.fail(faults),
            Which::Tokens => self.tokens.fail(faults),
            Which::Alertmanager => self.alertmanager.fail(faults),
            Which::Webhook => self.webhook.fail(faults),
        }
    }

    /// Does `act` once, when a request to `which` reaches `step` after it was passed so often.
    pub fn at(&self, which: Which, step: Step, passed: u32, act: impl FnOnce() + Send + 'static) {
        match which {
            Which::Slack => self.slack.at(step, passed, act),
            Which::Firebase => self.firebase.at(step, passed, act),
            Which::Tokens => self.tokens.at(step, passed, act),
            Which::Alertmanager => self.alertmanager.at(step, passed, act),
            Which::Webhook => self.webhook.at(step, passed, act),
        }
    }

    /// `which` refuses connections until all heal.
    pub fn refuse(&self, which: Which) {
        match which {
            Which::Slack => self.slack.refuse(),
            Which::Firebase => self.firebase.refuse(),
            Which::Tokens => self.tokens.refuse(),
            Which::Alertmanager => self.alertmanager.refuse(),
            Which::Webhook => self.webhook.refuse(),
        }
    }

    /// From now on nothing fails and nothing is done.
    pub fn heal(&self) {
        self.slack.heal();
        self.firebase.heal();
        self.tokens.heal();
        self.alertmanager.heal();
        self.webhook.heal();
    }
}
