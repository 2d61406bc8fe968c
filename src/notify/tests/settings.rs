//! Which sinks the settings make.

use crate::incident::SinkName;
use crate::notify::{Error, Sink};
use crate::settings::{Environment, Secret, Settings};

const HOOK: &str = "https://hooks.example.com/services/T0/B0/hunter2";

fn secret(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::from_pairs(pairs.iter().map(|(name, value)| (name.into(), value.into())))
}

fn made(settings: &Settings, pairs: &[(&str, &str)]) -> Vec<Sink> {
    Sink::all(settings, &environment(pairs)).unwrap()
}

#[test]
fn nobody_is_told_unless_the_settings_say_so() {
    assert!(made(&Settings::default(), &[]).is_empty());
    assert!(
        made(&Settings::default(), &[("SLACK_BOT_TOKEN", "xoxb-of-another-program")]).is_empty()
    );
}

#[test]
fn every_sink_that_is_set_is_told() {
    let settings = Settings {
        firebase_url: "https://demo.example.com".into(),
        alertmanager_url: "http://alertmanager:9093".into(),
        webhook_url: Some(secret("http://soc.example.com/in")),
        ..Settings::default()
    };
    let emulator =
        [("FIREBASE_DATABASE_EMULATOR_HOST", "127.0.0.1:9"), ("SLACK_WEBHOOK_URL", HOOK)];
    let names: Vec<_> = made(&settings, &emulator).iter().map(Sink::name).collect();
    assert_eq!(names, SinkName::ALL);
}

#[test]
fn a_bot_is_told_where_it_has_a_channel() {
    let mut settings = Settings { slack_token: Some(secret("xoxb-1")), ..Settings::default() };
    settings.slack_webhook_url = Some(secret(HOOK));
    let error = Sink::all(&settings, &environment(&[])).unwrap_err();
    assert!(matches!(error, Error::NoChannel), "{error}");
    settings.slack_channel = "#alerts".into();
    // Only a bot can say in place that counts have grown.
    assert!(made(&settings, &[])[0].manner().growth_every.is_some());
    settings.slack_token = None;
    assert!(made(&settings, &[])[0].manner().growth_every.is_none());
    settings.slack_webhook_url = None;
    let error = Sink::all(&settings, &environment(&[])).unwrap_err();
    assert!(matches!(error, Error::NoSlack), "{error}");
}

#[test]
fn what_cannot_be_used_is_said_without_the_secret() {
    for (setting, settings) in [
        (
            "slack-webhook-url",
            Settings {
                slack_webhook_url: Some(secret("http://hooks.example.com/hunter2")),
                ..Settings::default()
            },
        ),
        ("webhook-url", Settings { webhook_url: Some(secret("hunter2")), ..Settings::default() }),
        (
            "token",
            Settings {
                slack_token: Some(secret("hunter2\nX: y")),
                slack_channel: "c".into(),
                ..Settings::default()
            },
        ),
    ] {
        let error = Sink::all(&settings, &environment(&[])).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains(setting) && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_sink_shows_nothing_but_its_name() {
    let settings = Settings { slack_webhook_url: Some(secret(HOOK)), ..Settings::default() };
    assert_eq!(format!("{:?}", made(&settings, &[])), "[Sink(Slack)]");
}
