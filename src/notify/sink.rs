//! Somebody who is told of incidents, whichever service it is.

use std::fmt;

use reqwest::header::HeaderValue;
use tokio::time::Instant;

use super::address::{Secrecy, url};
use super::alertmanager::{self, Alertmanager};
use super::firebase::{self, Firebase};
use super::http::{Failure, Http, WHOLE};
use super::slack::{self, Bot};
use super::webhook::{self, Webhook};
use super::{Answer, Error, Manner, Notice};
use crate::incident::{Digest, Incident, SinkName};
use crate::settings::{Environment, Settings};

/// Somebody who is told of incidents.
pub struct Sink(Kind);

enum Kind {
    Slack(slack::Webhook),
    SlackBot(Bot),
    Firebase(Box<Firebase>),
    Alertmanager(Alertmanager),
    Webhook(Webhook),
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All else of it is secrets and connections.
        f.debug_tuple("Sink").field(&self.name()).finish()
    }
}

impl Sink {
    /// Those that the settings name.
    pub fn all(settings: &Settings, environment: &Environment) -> Result<Vec<Self>, Error> {
        let kinds = [
            slack(settings, environment)?,
            Firebase::new(settings, environment)?
                .map(|firebase| Kind::Firebase(Box::new(firebase))),
            alertmanager(settings)?,
            webhook(settings)?,
        ];
        Ok(kinds.into_iter().flatten().map(Self).collect())
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> SinkName {
        match self.0 {
            Kind::Slack(_) | Kind::SlackBot(_) => SinkName::Slack,
            Kind::Firebase(_) => SinkName::Firebase,
            Kind::Alertmanager(_) => SinkName::Alertmanager,
            Kind::Webhook(_) => SinkName::Webhook,
        }
    }

    /// Where it is: host and port, of a bot the channel too. The rest of a URL may be a secret.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.0 {
            Kind::Slack(webhook) => webhook.host(),
            Kind::SlackBot(bot) => bot.place(),
            Kind::Firebase(firebase) => firebase.host(),
            Kind::Alertmanager(alertmanager) => alertmanager.host(),
            Kind::Webhook(webhook) => webhook.host(),
        }
    }

    /// How it wants to be told.
    #[must_use]
    pub const fn manner(&self) -> Manner {
        match self.0 {
            Kind::Slack(_) => slack::MANNER,
            Kind::SlackBot(_) => slack::MANNER_OF_BOT,
            Kind::Firebase(_) => firebase::MANNER,
            Kind::Alertmanager(_) => alertmanager::MANNER,
            Kind::Webhook(_) => webhook::MANNER,
        }
    }

    /// Tells it, within 15 s, of at most [`Manner::batch`] notices, in order.
    pub async fn tell(&self, notices: &[Notice<'_>]) -> Answer {
        let deadline = Instant::now() + WHOLE;
        answer(self.tell_all(notices, deadline).await)
    }

    /// Tells it of many incidents at once, within 15 s. One whose manner knows no digest refuses it.
    pub async fn digest(&self, digest: &Digest) -> Answer {
        let deadline = Instant::now() + WHOLE;
        let told = match &self.0 {
            Kind::Slack(webhook) => webhook.digest(digest, deadline).await,
            Kind::SlackBot(bot) => bot.digest(digest, deadline).await,
            Kind::Firebase(_) | Kind::Alertmanager(_) | Kind::Webhook(_) => {
                Err(Failure::refused(format!("{} takes no digest", self.name().name())))
            }
        };
        answer(told.map(|()| None))
    }

    /// Tells it again of incidents that are open, within 15 s. One whose manner knows no repetition
    /// refuses it.
    pub async fn repeat(&self, open: &[Incident]) -> Answer {
        let deadline = Instant::now() + WHOLE;
        let told = match &self.0 {
            Kind::Alertmanager(alertmanager) => alertmanager.repeat(open, deadline).await,
            Kind::Slack(_) | Kind::SlackBot(_) | Kind::Firebase(_) | Kind::Webhook(_) => {
                Err(Failure::refused(format!("{} forgets nothing", self.name().name())))
            }
        };
        answer(told.map(|()| None))
    }

    /// Sends a message that says that it is a test.
    pub async fn test(&self) -> Answer {
        let deadline = Instant::now() + WHOLE;
        let told = match &self.0 {
            Kind::Slack(webhook) => webhook.test(deadline).await,
            Kind::SlackBot(bot) => bot.test(deadline).await,
            Kind::Firebase(firebase) => firebase.test(deadline).await,
            Kind::Alertmanager(alertmanager) => alertmanager.test(deadline).await,
            Kind::Webhook(webhook) => webhook.test(deadline).await,
        };
        answer(told.map(|()| None))
    }

    /// Tells it of `notices`, and returns what it calls its message on the incident of the last.
    async fn tell_all(
        &self,
        notices: &[Notice<'_>],
        deadline: Instant,
    ) -> Result<Option<String>, Failure> {
        let mut handle = None;
        for notices in notices.chunks(self.manner().batch) {
            let [.., last] = notices else { continue };
            handle = match &self.0 {
                Kind::Slack(webhook) => webhook.tell(last, deadline).await.map(|()| None),
                Kind::SlackBot(bot) => bot.tell(last, deadline).await.map(Some),
                Kind::Firebase(firebase) => firebase.tell(last, deadline).await.map(Some),
                Kind::Alertmanager(all) => all.tell(notices, deadline).await.map(|()| None),
                Kind::Webhook(webhook) => webhook.tell(last, deadline).await.map(|()| None),
            }?;
        }
        Ok(handle)
    }
}

fn answer(told: Result<Option<String>, Failure>) -> Answer {
    told.map_or_else(Answer::from, |handle| Answer::Taken { handle })
}

/// Slack by a bot where there is a token and a channel, else by a webhook.
///
/// A token in the environment may be there for other programs: without a channel it means nothing.
fn slack(settings: &Settings, environment: &Environment) -> Result<Option<Kind>, Error> {
    let channel = &settings.slack_channel;
    let webhook = settings.slack_webhook_url.as_ref().or(environment.slack_webhook_url());
    let token = settings.slack_token.as_ref().or(environment.slack_bot_token());
    if let Some(token) = token.filter(|_| !channel.is_empty()) {
        let bearer = format!("Bearer {}", token.reveal());
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| Error::Token)?;
        bearer.set_sensitive(true);
        let api = url(&settings.slack_api_url, "slack-api-url", Secrecy::Needed)?;
        return Ok(Some(Kind::SlackBot(Bot::new(Http::new()?, api, bearer, channel.clone()))));
    }
    if settings.slack_token.is_some() {
        return Err(Error::NoChannel);
    }
    match webhook {
        Some(webhook) => {
            let url = url(webhook.reveal(), "slack-webhook-url", Secrecy::Needed)?;
            Ok(Some(Kind::Slack(slack::Webhook::new(Http::new()?, url))))
        }
        None if !channel.is_empty() => Err(Error::NoSlack),
        None => Ok(None),
    }
}

fn alertmanager(settings: &Settings) -> Result<Option<Kind>, Error> {
    if settings.alertmanager_url.is_empty() {
        return Ok(None);
    }
    let url = url(&settings.alertmanager_url, "alertmanager-url", Secrecy::Chosen)?;
    Ok(Some(Kind::Alertmanager(Alertmanager::new(Http::new()?, &url))))
}

fn webhook(settings: &Settings) -> Result<Option<Kind>, Error> {
    let Some(webhook) = &settings.webhook_url else { return Ok(None) };
    let url = url(webhook.reveal(), "webhook-url", Secrecy::Chosen)?;
    let secret = settings.webhook_secret.clone();
    Ok(Some(Kind::Webhook(Webhook::new(Http::new()?, url, secret))))
}
