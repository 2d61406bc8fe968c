//! The automatic response on the bundled capture: the attack is limited at its Ingress, others are
//! spared, and the limit is lifted when the attack is over, all of it on packet time.

mod support;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use support::engine::DEMO;
use support::flows::{Folder, Outcome, weir_verb};
use support::pcap::{Capture, EPOCH_US, Record};
use weir::capture::FileReader;
use weir::detect::Class;
use weir::engine::{Wanted, arrivals_of};
use weir::incident::{Alert, Incident, Status};
use weir::packet::Address;
use weir::respond::{
    Act, Controller, Decision, DecisionKind, Held, IngressName, LimitRequest, LimitStatus, Mode,
    Outcome as Settled, Preview, Response, ResponseOptions, Scene, Site, SiteRoute, Standing,
    Surroundings, Traffic,
};

const SECOND_US: i64 = 1_000_000;

/// Link type of the bundled capture: Linux cooked version 2.
const SLL2: u32 = 276;

/// For how long it goes on behind its end, in s: the attack is then over for a while.
const QUIET_S: i64 = 150;

/// Who floods.
const ATTACKER: Address = Address::v4([203, 0, 113, 66]);

/// The bundled capture, and after a while a few of its first frames once more.
fn longer(folder: &Folder) -> PathBuf {
    let mut reader = FileReader::open(Path::new(DEMO)).expect("the bundled capture");
    let mut capture = Capture::new(SLL2);
    while let Some(frame) = reader.next_frame().expect("a whole capture") {
        capture.records.push(Record {
            at: frame.time_us - EPOCH_US,
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len as usize,
        });
    }
    let (first, last) = (capture.records[0].at, capture.records.last().expect("frames").at);
    let later_us = last - first + QUIET_S * SECOND_US;
    let again: Vec<_> = capture.records.iter().take(50).cloned().collect();
    capture
        .records
        .extend(again.into_iter().map(|record| Record { at: record.at + later_us, ..record }));
    folder.file("longer.pcap", &capture.bytes())
}

/// What `weir detect` makes of it.
fn incidents(folder: &Folder, path: &Path) -> Vec<Incident> {
    let mut weir = weir_verb("detect");
    weir.args([path.as_os_str(), OsStr::new("--format"), OsStr::new("json")]);
    weir.env("WEIR_DATABASE", folder.path().join("weir.db")).env("HOME", folder.path());
    let outcome: Outcome = weir.output().expect("the binary starts").into();
    let text = String::from_utf8(outcome.expect(0).stdout).expect("JSON is UTF-8");
    let alerts = text.lines().map(|line| serde_json::from_str::<Alert>(line).expect("an alert"));
    alerts.map(|alert| alert.try_into().expect("an incident")).collect()
}

fn site(name: &str, host: &str, pod: u8) -> Site {
    Site {
        ingress: IngressName::parse(name).expect("a name"),
        controller: Ok(Controller::IngressNginx),
        replicas: 1,
        controller_addresses: vec![Address::v4([192, 0, 2, 10])],
        routes: vec![SiteRoute { host: host.to_owned(), path: "/".to_owned() }],
        backends: vec![Address::v4([10, 244, 1, pod])],
        unprotected_by: None,
    }
}

/// The capture, second by second, with a response that may act.
struct Play {
    response: Response,
    sites: Vec<Site>,
    incidents: Vec<Incident>,
    seen: Traffic,
    requests: Vec<(i64, LimitRequest)>,
    said: Vec<Decision>,
}

impl Play {
    fn new(path: &Path, incidents: Vec<Incident>) -> Self {
        let never = AtomicBool::new(false);
        let arrivals = arrivals_of(&[path.to_owned()], &never, |error| panic!("{error}"));
        let (recent, wanted) = (arrivals.recent(), Wanted::default());
        let options = ResponseOptions {
            mode: Mode::Enforce,
            rules: Vec::new(),
            at_once: 3,
            allowlist: Vec::new(),
            never: Vec::new(),
            held_back: None,
        };
        Self {
            response: Response::new(options),
            sites: vec![
                site("shop/web", "shop.example", 21),
                site("shop/api", "api.shop.example", 22),
            ],
            incidents,
            seen: Traffic {
                arrivals: recent.arrivals(&wanted).collect(),
                answers: recent.answers(&wanted).collect(),
                resets: recent.resets(&wanted).collect(),
            },
            requests: Vec::new(),
            said: Vec::new(),
        }
    }

    /// What had been seen by then.
    fn traffic(&self, now_us: i64) -> Traffic {
        let Traffic { arrivals, answers, resets } = &self.seen;
        Traffic {
            arrivals: arrivals.iter().filter(|one| one.at_us <= now_us).cloned().collect(),
            answers: answers.iter().filter(|one| one.at_us <= now_us).copied().collect(),
            resets: resets.iter().filter(|one| one.at_us <= now_us).copied().collect(),
        }
    }

    /// What had happened by then.
    fn incidents(&self, now_us: i64) -> Vec<Arc<Incident>> {
        let known = self.incidents.iter().filter(|one| one.detected_us <= now_us);
        let at_that_time = known.cloned().map(|one| match one.resolved_us {
            Some(resolved_us) if resolved_us <= now_us => one,
            _ => Incident { status: Status::Open, resolved_us: None, ..one },
        });
        at_that_time.map(Arc::new).collect()
    }

    /// How Ingresses stand: as the response has left them.
    fn limits(&self) -> Vec<Arc<LimitStatus>> {
        let limits = self.response.limits();
        let limited = |ingress: &IngressName| limits.iter().find(|(name, _)| name == ingress);
        let status = |site: &Site| {
            let held = limited(&site.ingress).map(|(_, limit)| Held {
                limit: limit.clone(),
                by: "weir (auto)".to_owned(),
                reason: String::new(),
                incident: self.requests.last().and_then(|(_, request)| request.incident),
                since_us: 0,
                until_us: i64::MAX,
                values: Vec::new(),
            });
            Arc::new(LimitStatus {
                ingress: site.ingress.clone(),
                controller: site.controller.clone(),
                standing: if held.is_some() { Standing::Active } else { Standing::Unlimited },
                held,
                foreign: Vec::new(),
            })
        };
        self.sites.iter().map(status).collect()
    }

    fn step(&mut self, now_us: i64) {
        let limits = self.limits();
        let (incidents, traffic) = (self.incidents(now_us), self.traffic(now_us));
        let scene = Scene {
            now_us,
            incidents: &incidents,
            sites: &self.sites,
            limits: &limits,
            surroundings: &Surroundings::default(),
        };
        for act in self.response.advance(&scene, |_| traffic) {
            let ingress = match act {
                Act::Say(decision) => {
                    self.said.push(*decision);
                    continue;
                }
                Act::Lift(ingress, _) => ingress,
                Act::Apply(request) => {
                    self.requests.push((now_us, (*request).clone()));
                    request.ingress
                }
            };
            self.said.extend(self.response.settle(&ingress, Settled::Done, now_us));
        }
    }
}

#[test]
fn an_attack_in_the_bundled_capture_is_limited_and_the_limit_lifted_when_it_is_over() {
    let folder = Folder::new();
    let path = longer(&folder);
    let incidents = incidents(&folder, &path);
    let is_flood = |one: &&Incident| one.class == Class::DosFlood;
    let flood = incidents.iter().find(is_flood).expect("the flood").clone();
    let over_us = flood.resolved_us.expect("it is over");
    let mut play = Play::new(&path, incidents);
    let from_us = flood.detected_us - 5 * SECOND_US;
    // The sooner a flood is seen, the longer it goes on behind that.
    for second in 0..QUIET_S + 60 {
        play.step(from_us + second * SECOND_US);
    }

    let [(limited_us, request)] = &*play.requests else { panic!("{:?}", play.requests) };
    assert_eq!(request.ingress.to_string(), "shop/web");
    assert_eq!(request.incident, Some(flood.id));
    assert!(*limited_us - flood.detected_us <= SECOND_US, "{limited_us}");
    let of_flood = play.said.iter().filter(|said| said.incident == Some(flood.id));
    let of_flood: Vec<_> = of_flood.map(|said| (said.kind, said.at_us)).collect();
    let [(DecisionKind::Applied, _), (DecisionKind::Lifted, lifted_us)] = *of_flood else {
        panic!("{:?}", play.said)
    };
    let waited_us = lifted_us - over_us;
    assert!((60 * SECOND_US..=62 * SECOND_US).contains(&waited_us), "{waited_us}");

    let until_then: Vec<_> = play.traffic(over_us).arrivals;
    let at_shop = until_then.iter().filter(|one| one.host.as_deref() == Some("shop.example"));
    let at_shop = at_shop.filter(|one| one.server == Address::v4([192, 0, 2, 10]));
    let preview = Preview::of((Controller::IngressNginx, 1), &request.limit, at_shop, &[]);
    let preview = preview.expect("nginx can");
    let (attacker, others): (Vec<_>, Vec<_>) =
        preview.clients.into_iter().partition(|one| one.client == ATTACKER);
    let refused: u64 = attacker.iter().map(|one| one.refused).sum();
    let asked: u64 = attacker.iter().map(|one| one.asked).sum();
    println!("{:?}: {refused} of {asked} refused; {} others", request.limit, others.len());
    assert!(refused * 2 > asked, "{refused} of {asked}");
    assert!(others.iter().all(|one| one.refused == 0), "{others:?}");
    let scan = play.said.iter().find(|said| said.class == Some(Class::Scan)).expect("the scan");
    assert_eq!(scan.kind, DecisionKind::Refused);
}
