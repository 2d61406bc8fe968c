//! A webhook of the operator's own: one JSON object a notice, signed where there is a secret.
//!
//! The signature is HMAC-SHA256 over `TIMESTAMP.BODY`, in hexadecimal, so that a receiver can refuse
//! both what is forged and what is old.

use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::time::Instant;

use super::http::{Failure, Http, host};
use super::{Manner, Notice};
use crate::incident::Alert;
use crate::settings::Secret;

/// How it wants to be told.
pub(super) const MANNER: Manner = Manner {
    growth_every: Some(Duration::from_secs(10)),
    heeds_mutes: true,
    batch: 1,
    per_s: 50.0,
    burst: 50,
    digest_from: None,
    repeat_every: None,
};

/// Version of what is sent; members may be added within one.
const VERSION: u32 = 1;

/// A webhook of the operator's own.
pub(super) struct Webhook {
    http: Http,
    url: Url,
    secret: Option<Secret>,
}

impl Webhook {
    pub(super) const fn new(http: Http, url: Url, secret: Option<Secret>) -> Self {
        Self { http, url, secret }
    }

    /// Host and port it is at.
    pub(super) fn host(&self) -> String {
        host(&self.url)
    }

    pub(super) async fn tell(&self, notice: &Notice<'_>, deadline: Instant) -> Result<(), Failure> {
        let body = json!({
            "version": VERSION,
            "id": notice.seq,
            "news": notice.news.name(),
            "changes": notice.stands_for,
            "alert": Alert::from(notice.incident),
        });
        self.deliver(notice.seq, &body, deadline).await
    }

    pub(super) async fn test(&self, deadline: Instant) -> Result<(), Failure> {
        let body =
            json!({ "version": VERSION, "id": 0, "news": "test", "changes": 0, "alert": null });
        self.deliver(0, &body, deadline).await
    }

    async fn deliver(&self, seq: i64, body: &Value, deadline: Instant) -> Result<(), Failure> {
        let body = body.to_string();
        let time_s = Timestamp::now().as_second();
        let mut request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("X-Weir-Delivery", seq)
            .header("X-Weir-Timestamp", time_s);
        if let Some(secret) = &self.secret {
            request = request.header("X-Weir-Signature", signature(secret, time_s, &body));
        }
        self.http.send(request.body(body), deadline).await?.successful()?;
        Ok(())
    }
}

/// What proves that `body` was sent at `time_s` by whoever holds `secret`.
fn signature(secret: &Secret, time_s: i64, body: &str) -> String {
    let mut signature = String::from("sha256=");
    let mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes());
    let mut mac = mac.expect("HMAC takes keys of any length");
    mac.update(format!("{time_s}.{body}").as_bytes());
    for byte in mac.finalize().into_bytes() {
        write!(signature, "{byte:02x}").ok();
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Class;
    use crate::incident::News;
    use crate::notify::tests::server::{Server, answer, soon};
    use crate::notify::tests::{incident, named, notice};

    #[test]
    fn the_signature_is_that_of_other_programs() {
        // printf '1600000000.{"a":1}' | openssl dgst -sha256 -hmac 'hunter2'
        let signature = signature(&Secret::from("hunter2".to_owned()), 1_600_000_000, r#"{"a":1}"#);
        assert_eq!(
            signature,
            "sha256=9c27d2ed6a39d5ab303d4edaa7909174285efc074c92c686be4ff25566d225a2"
        );
    }

    #[tokio::test]
    async fn a_notice_is_one_signed_object() {
        let server = Server::start([answer("204 No Content", "", "")]).await;
        let secret = Secret::from("hunter2".to_owned());
        let webhook = Webhook::new(Http::new().unwrap(), server.url.clone(), Some(secret.clone()));
        let flood = named(incident(Class::DosFlood));
        webhook.tell(&notice(News::Opened, &flood), soon()).await.unwrap();
        let [request] = &*server.requests() else { panic!("one request") };
        assert_eq!(request.header("X-Weir-Delivery"), Some("7"));
        let time_s: i64 = request.header("X-Weir-Timestamp").unwrap().parse().unwrap();
        assert!((Timestamp::now().as_second() - time_s).abs() < 60);
        let expected = signature(&secret, time_s, &request.body);
        assert_eq!(request.header("X-Weir-Signature"), Some(&*expected));
        let body = request.json();
        assert_eq!((&body["id"], &body["news"]), (&json!(7), &json!("opened")));
        assert_eq!(body["alert"]["id"], flood.id.to_string());
        assert_eq!(body["alert"]["names"][0]["name"], "web-7f9c");
    }

    #[tokio::test]
    async fn without_a_secret_nothing_pretends_to_be_signed() {
        let server = Server::start([answer("200 OK", "", "thanks")]).await;
        let webhook = Webhook::new(Http::new().unwrap(), server.url.clone(), None);
        webhook.test(soon()).await.unwrap();
        assert_eq!(server.requests()[0].header("X-Weir-Signature"), None);
        assert_eq!(server.requests()[0].json()["news"], "test");
    }
}
