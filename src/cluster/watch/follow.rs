//! Lists all objects of one kind, then watches what becomes of them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use kube::core::WatchEvent;
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout};

use super::super::Error;
use super::super::record::Meta;
use super::super::request::{ANSWER, Ask, PAGE};
use super::super::store::{Extent, Key, Kind, Shelf};
use super::ear::Ear;
use super::pause::Pause;

/// Objects on one page of a list.
const ON_PAGE: &str = "500";

/// Objects of one kind that are kept.
const MOST: usize = 200_000;

/// How long one watch lasts, in seconds, and how much longer by chance; the next goes on where it ends.
const LASTS_S: u64 = 60;
const AND_UP_TO_S: u64 = 30;

/// How much later than agreed the API server may end a watch.
const LATE_S: u64 = 15;

/// A watch that was quiet for so long was not a failure, however it ends.
const WORTH: Duration = Duration::from_secs(10);

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "K: Kind")]
struct Page<K: Kind> {
    #[serde(default)]
    metadata: PageMeta,
    items: Option<Vec<K>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PageMeta {
    resource_version: String,
    r#continue: String,
}

/// How a watch ended.
enum End {
    /// As agreed: the next goes on from there.
    Agreed,
    /// The API server was away in between, of which a watch that only reads hears nothing: the next
    /// goes on from there.
    Doubted,
    /// Where it would go on is forgotten: all is to be listed again.
    Forgotten,
}

/// Follows the objects of kind `K` for ever.
pub(super) async fn follow<K: Kind>(ear: &Ear) {
    let mut pause = Pause::default();
    let mut version = None;
    loop {
        let began = Instant::now();
        let outcome = match &mut version {
            None => list::<K>(ear).await.map(|listed| {
                version = Some(listed);
                None
            }),
            Some(version) => watch::<K>(ear, version).await.map(Some),
        };
        let lasted = began.elapsed();
        if lasted >= WORTH {
            pause.reset();
        }
        match outcome {
            Ok(None) => continue,
            Ok(Some(End::Agreed)) if lasted >= WORTH => continue,
            Ok(Some(End::Agreed)) => {}
            Ok(Some(End::Doubted)) => {
                sleep(apart()).await;
                continue;
            }
            Ok(Some(End::Forgotten)) => version = None,
            Err(error) => {
                ear.failed::<K>(&error);
                if matches!(error.status(), Some(403 | 404)) {
                    version = None;
                    sleep(Pause::refused()).await;
                    continue;
                }
            }
        }
        // As soon as the API server is back, all come again, but not all at once.
        tokio::select! {
            () = sleep(pause.next()) => {}
            () = ear.is_back() => sleep(apart()).await,
        }
    }
}

/// A moment that differs from that of others.
fn apart() -> Duration {
    Duration::from_millis(fastrand::u64(..500))
}

/// Takes in all objects; returns where a watch goes on.
async fn list<K: Kind>(ear: &Ear) -> Result<String, Error> {
    let action = format!("list {}", K::RESOURCE);
    let ask = Ask::get(K::PATH).in_form(form::<K>(Form::List)).with("limit", ON_PAGE);
    let mut all = Shelf::new();
    let mut next = ask.clone();
    loop {
        let page = ear.cluster().ask::<Page<K>>(&action, &next, PAGE).await?;
        all.extend(page.items.unwrap_or_default().into_iter().map(kept));
        if all.len() > MOST {
            return Err(Error::Unreachable {
                action,
                why: format!("there are more than {MOST} of them, which are not kept"),
            });
        }
        if page.metadata.r#continue.is_empty() {
            ear.heard::<K>(|store, now_us| store.replace::<K>(all, now_us));
            return Ok(page.metadata.resource_version);
        }
        next = ask.clone().with("continue", &page.metadata.r#continue);
    }
}

/// Takes in what becomes of the objects since `version`, which moves on.
async fn watch<K: Kind>(ear: &Ear, version: &mut String) -> Result<End, Error> {
    let action = format!("watch {}", K::RESOURCE);
    let lasts_s = LASTS_S + fastrand::u64(..AND_UP_TO_S);
    let ask = Ask::get(K::PATH)
        .in_form(form::<K>(Form::Watch))
        .with("watch", "true")
        .with("allowWatchBookmarks", "true")
        .with("timeoutSeconds", &lasts_s.to_string())
        .with("resourceVersion", version);
    let unreachable =
        |why: &str| Error::Unreachable { action: action.clone(), why: why.to_owned() };
    let failed = |error: &kube::Error| Error::of(action.clone(), error);
    let request = ask.request(&action)?;
    let begun = timeout(ANSWER, ear.cluster().client().request_events::<K>(request)).await;
    let begun = begun.map_err(|_| unreachable("the API server did not answer within 10 s"))?;
    let mut events = match begun {
        Ok(events) => pin!(events),
        Err(kube::Error::Api(status)) if status.code == 410 => return Ok(End::Forgotten),
        Err(error) => return Err(failed(&error)),
    };
    ear.heard::<K>(|_, _| {});
    let silent = Duration::from_secs(lasts_s + LATE_S);
    let mut was_away = pin!(ear.was_away());
    loop {
        let event = tokio::select! {
            biased;
            event = timeout(silent, events.try_next()) => event,
            () = &mut was_away => return Ok(End::Doubted),
        };
        let event = event.map_err(|_| unreachable("the API server fell silent"))?;
        match event.map_err(|error| failed(&error))? {
            None => return Ok(End::Agreed),
            Some(WatchEvent::Error(status)) if status.code == 410 => return Ok(End::Forgotten),
            Some(WatchEvent::Error(status)) => return Err(failed(&kube::Error::Api(status))),
            Some(event) => take(ear, event, version),
        }
    }
}

/// Takes in one event.
fn take<K: Kind>(ear: &Ear, event: WatchEvent<K>, version: &mut String) {
    match event {
        WatchEvent::Added(object) | WatchEvent::Modified(object) => {
            go_on(version, object.meta());
            let key = key(object.meta());
            ear.heard::<K>(|store, now_us| store.put::<K>(&key, object.record(), now_us));
        }
        WatchEvent::Deleted(object) => {
            go_on(version, object.meta());
            let key = key(object.meta());
            ear.heard::<K>(|store, now_us| store.remove::<K>(&key, now_us));
        }
        WatchEvent::Bookmark(mark) => {
            *version = mark.metadata.resource_version;
            ear.heard::<K>(|_, _| {});
        }
        WatchEvent::Error(_) => {}
    }
}

fn go_on(version: &mut String, meta: &Meta) {
    if !meta.resource_version.is_empty() {
        version.clone_from(&meta.resource_version);
    }
}

fn key(meta: &Meta) -> Key {
    (meta.namespace.clone(), meta.name.clone())
}

fn kept<K: Kind>(object: K) -> (Key, Arc<K::Record>) {
    (key(object.meta()), Arc::new(object.record()))
}

#[derive(Clone, Copy)]
enum Form {
    List,
    Watch,
}

/// How the API server is to write objects of kind `K`.
fn form<K: Kind>(form: Form) -> &'static str {
    match (K::EXTENT, form) {
        (Extent::Whole, _) => "application/json",
        (Extent::Metadata, Form::List) => {
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
        }
        (Extent::Metadata, Form::Watch) => {
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
        }
    }
}
