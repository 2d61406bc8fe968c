//! Asks for what is not watched: warnings, and what is used.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::count::whole;
use super::{Known, Load, Warning, Warnings};
use crate::cluster::record::Amounts;
use crate::cluster::request::Ask;
use crate::cluster::words::said;
use crate::cluster::{Cluster, Error};

/// How long all of it may take: whoever is asked in turn has time left to say what is known besides.
const ANSWER: Duration = Duration::from_secs(5);

/// Warnings that are shown.
const SHOWN: usize = 50;

/// Pages of events that are looked at; the API server does not sort them by time.
const PAGES: usize = 10;

#[derive(Debug, Deserialize)]
struct Page<T> {
    #[serde(default)]
    metadata: PageMeta,
    items: Option<Vec<T>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PageMeta {
    r#continue: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    involved_object: Reference,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
    count: Option<i64>,
    first_timestamp: Option<Timestamp>,
    last_timestamp: Option<Timestamp>,
    #[serde(rename = "eventTime")]
    at: Option<Timestamp>,
    series: Option<Series>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    kind: String,
    namespace: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    count: Option<i64>,
    last_observed_time: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct NodeMetrics {
    metadata: Name,
    #[serde(default)]
    usage: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Name {
    name: String,
}

impl From<Event> for Warning {
    fn from(event: Event) -> Self {
        let series = event.series.as_ref();
        let last = series.and_then(|series| series.last_observed_time).or(event.last_timestamp);
        let count = series.and_then(|series| series.count).or(event.count);
        Self {
            last: last.or(event.at).or(event.first_timestamp),
            count: count.map_or(1, |count| u64::try_from(count).unwrap_or_default()),
            namespace: said(&event.involved_object.namespace),
            kind: said(&event.involved_object.kind),
            name: said(&event.involved_object.name),
            reason: said(&event.reason),
            message: said(&event.message),
        }
    }
}

impl Cluster {
    /// The newest warnings.
    pub(super) async fn warnings(&self) -> Known<Warnings> {
        let deadline = Instant::now() + ANSWER;
        let ask =
            Ask::get("/api/v1/events").with("fieldSelector", "type=Warning").with("limit", "500");
        let mut warnings = Warnings::default();
        let mut next = Some(ask.clone());
        for _ in 0..PAGES {
            let Some(now) = next.take() else { break };
            let page = timeout_at(deadline, self.page::<Event>("list events", &now)).await;
            match page {
                Ok(Ok(page)) => {
                    let new = page.items.unwrap_or_default();
                    warnings.seen += u64::try_from(new.len()).unwrap_or(u64::MAX);
                    warnings.newest.extend(new.into_iter().map(Warning::from));
                    warnings.newest.sort_by_key(|one| Reverse(one.last));
                    warnings.newest.truncate(SHOWN);
                    let more = page.metadata.r#continue;
                    next = (!more.is_empty()).then(|| ask.clone().with("continue", &more));
                }
                Ok(Err(error)) if warnings.seen == 0 => return Known::unknown(error.why()),
                Err(_) if warnings.seen == 0 => return Known::unknown(late(ANSWER)),
                Ok(Err(_)) | Err(_) => {
                    next = Some(now);
                    break;
                }
            }
        }
        warnings.is_cut = next.is_some();
        Known::at(warnings, Some(Timestamp::now()))
    }

    /// What is used, by node.
    pub(super) async fn usage(&self) -> Known<BTreeMap<String, Load>> {
        let ask = Ask::get("/apis/metrics.k8s.io/v1beta1/nodes");
        match self.page::<NodeMetrics>("list nodes of metrics.k8s.io", &ask).await {
            Ok(page) => {
                let nodes = page.items.unwrap_or_default().into_iter();
                let used: BTreeMap<_, _> = nodes
                    .filter_map(|node| Some((node.metadata.name, whole(Amounts::of(&node.usage))?)))
                    .collect();
                if used.is_empty() {
                    return Known::unknown("metrics-server has measured no node yet");
                }
                Known::at(used, Some(Timestamp::now()))
            }
            Err(error) if error.status() == Some(404) => {
                Known::unknown("the cluster does not measure it: there is no metrics-server")
            }
            Err(error) => Known::unknown(error.why()),
        }
    }

    async fn page<T: for<'de> Deserialize<'de>>(
        &self,
        action: &str,
        ask: &Ask,
    ) -> Result<Page<T>, Error> {
        self.ask(action, ask, ANSWER).await
    }
}

fn late(within: Duration) -> String {
    format!("the API server did not answer within {} s", within.as_secs())
}
