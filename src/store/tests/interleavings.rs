use std::collections::{BTreeMap, HashMap};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::incident::{Mark, Marks, Told};
use crate::store::Which;

const SINKS: [Recipient; 2] = [WEBHOOK, ALERTMANAGER];

/// What the engine, people and workers do, in any order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Grow(u64),
    Worsen(u64),
    Over(u64),
    Back(u64),
    Acknowledge(u64),
    Resolve(u64),
    /// A worker reads what waits.
    Read(usize),
    Deliver(usize),
    Fail(usize),
    Park(usize),
    /// A worker reads a digest.
    Sum(usize),
    Digested(usize),
    Retry,
    /// All is killed and begins again.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let (id, sink) = (1..=3_u64, 0..SINKS.len());
    prop_oneof![
        4 => id.clone().prop_map(Step::Grow),
        1 => id.clone().prop_map(Step::Worsen),
        2 => id.clone().prop_map(Step::Over),
        2 => id.clone().prop_map(Step::Back),
        1 => id.clone().prop_map(Step::Acknowledge),
        1 => id.prop_map(Step::Resolve),
        4 => sink.clone().prop_map(Step::Read),
        4 => sink.clone().prop_map(Step::Deliver),
        1 => sink.clone().prop_map(Step::Fail),
        1 => sink.clone().prop_map(Step::Park),
        1 => sink.clone().prop_map(Step::Sum),
        1 => sink.prop_map(Step::Digested),
        1 => Just(Step::Retry),
        1 => Just(Step::Kill),
    ]
}

/// A turn: the life it belongs to, and what it is.
type Turn = (u32, News);

/// What should be, by the simplest means.
#[derive(Default)]
struct Model {
    traffic: BTreeMap<u64, Incident>,
    marks: HashMap<u64, Marks>,
    told: HashMap<(SinkName, u64), Told>,
    /// Turns that were accepted, in order.
    accepted: HashMap<(SinkName, u64), Vec<Turn>>,
    /// Those that a sink has taken, in order.
    taken: HashMap<(SinkName, u64), Vec<Turn>>,
    /// How a sink knows an incident by the last message on it alone.
    known: HashMap<(SinkName, u64), Arc<Incident>>,
    under_way: HashMap<SinkName, Vec<Entry>>,
    digest: HashMap<SinkName, (Vec<Entry>, i64)>,
}

impl Model {
    fn incident(&self, id: u64) -> Option<Incident> {
        let marks = self.marks.get(&id).cloned().unwrap_or_default();
        self.traffic.get(&id).cloned().map(|incident| incident.marked(&marks))
    }

    /// What is now told of an incident.
    fn accept(&mut self, id: u64) {
        let incident = self.incident(id).unwrap();
        for Recipient { sink, .. } in SINKS {
            let news = News::since(self.told.get(&(sink, id)).copied(), &incident);
            if news != News::Grown {
                self.accepted.entry((sink, id)).or_default().push((incident.reopened, news));
                self.told.insert((sink, id), Told::from(&incident));
            }
        }
    }

    fn take(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| entry.news != News::Grown) {
            let of = (entry.sink, entry.incident.id.0);
            self.taken.entry(of).or_default().push((entry.incident.reopened, entry.news));
        }
    }
}

/// The state of traffic after `step`, where it changes anything.
fn moved(step: Step, model: &Model) -> Option<Incident> {
    let (Step::Grow(id) | Step::Worsen(id) | Step::Over(id) | Step::Back(id)) = step else {
        return None;
    };
    let Some(known) = model.traffic.get(&id).cloned() else {
        return Some(incident(id, 1_000 * id.cast_signed()));
    };
    match (step, known.status) {
        (Step::Grow(_), Status::Open) => Some(grown(known)),
        (Step::Worsen(_), Status::Open) => {
            Some(Incident { severity: Severity::Critical, ..grown(known) })
        }
        (Step::Over(_), Status::Open) => Some(over(known)),
        (Step::Back(_), Status::Resolved) => Some(back(known)),
        _ => None,
    }
}

fn act(all: &mut Everybody, model: &mut Model, step: Step) {
    let mark = || Mark { by: String::new(), at_us: 0 };
    if let Some(incident) = moved(step, model) {
        all.apply(std::slice::from_ref(&incident));
        let id = incident.id.0;
        model.traffic.insert(id, incident);
        model.accept(id);
        return;
    }
    match step {
        Step::Acknowledge(id) => {
            let may = model.incident(id).is_some_and(|one| one.status != Status::Resolved);
            assert_eq!(all.actions.acknowledge(IncidentId(id), &by()).is_ok(), may);
            if may && model.incident(id).unwrap().status == Status::Open {
                let life = model.traffic[&id].reopened;
                model.marks.entry(id).or_default().acknowledged = Some((life, mark()));
                model.accept(id);
            }
        }
        Step::Resolve(id) => {
            let known = model.incident(id);
            assert_eq!(all.actions.resolve(IncidentId(id), &by()).is_ok(), known.is_some());
            if known.is_some_and(|one| one.status != Status::Resolved) {
                let life = model.traffic[&id].reopened;
                model.marks.entry(id).or_default().resolved = Some((life, mark()));
                model.accept(id);
            }
        }
        Step::Retry => {
            all.actions.retry(Which::All, &by()).unwrap();
        }
        Step::Kill => {
            // What a sink has taken and nobody has written down is told again.
            (model.under_way, model.digest) = (HashMap::new(), HashMap::new());
            reopen(all);
        }
        _ => work(all, model, step),
    }
}

/// What the worker of a sink does: one thing at a time.
fn work(all: &mut Everybody, model: &mut Model, step: Step) {
    let (Step::Read(at)
    | Step::Deliver(at)
    | Step::Fail(at)
    | Step::Park(at)
    | Step::Sum(at)
    | Step::Digested(at)) = step
    else {
        return;
    };
    let sink = SINKS[at].sink;
    let under_way = model.under_way.remove(&sink).unwrap_or_default();
    let digest = model.digest.remove(&sink);
    match step {
        Step::Read(_) => {
            let entries = all.outbox.next(sink, i64::MAX, 2).unwrap();
            model.under_way.insert(sink, entries);
        }
        Step::Deliver(_) => {
            all.outbox.delivered(&under_way, None).unwrap();
            model.take(&under_way);
            for entry in under_way {
                model.known.insert((sink, entry.incident.id.0), entry.incident);
            }
        }
        Step::Fail(_) => all.outbox.failed(&under_way, "503").unwrap(),
        Step::Park(_) => {
            if let Some(entry) = under_way.first() {
                all.outbox.park(entry, "400").unwrap();
            }
        }
        Step::Sum(_) => {
            let waiting = all.waiting(sink);
            let through = all.outbox.digest(sink).unwrap().map(|(_, through)| through);
            assert_eq!(through, waiting.last().map(|entry| entry.seq));
            model.digest.extend(through.map(|through| (sink, (waiting, through))));
        }
        _ => {
            if let Some((waiting, through)) = digest {
                all.outbox.digested(sink, through).unwrap();
                model.take(&waiting);
                for entry in waiting {
                    model.known.remove(&(sink, entry.incident.id.0));
                }
            }
        }
    }
}

fn reopen(all: &mut Everybody) {
    all.outbox = Outbox::open(&all.path).unwrap();
    all.actions = Actions::open(&all.path).unwrap();
    // The lock of the old one ends with it.
    let path = all.path.clone();
    let (_folder, other) = place();
    drop(std::mem::replace(&mut all.store, Store::open(&other).unwrap()));
    all.store = Store::open(&path).unwrap();
    all.store.tell(&SINKS).unwrap();
}

/// Every accepted turn was taken, waits or is parked, once and in order; every incident stands as
/// traffic and marks say.
fn check(all: &Everybody, model: &Model) {
    let mut told = model.taken.clone();
    let mut states = HashMap::new();
    for entry in all.reader.outbox(0, usize::MAX).unwrap() {
        let of = (entry.sink, entry.incident.id.0);
        assert_eq!(*states.entry(of).or_insert(entry.state), entry.state);
        if entry.news != News::Grown {
            told.entry(of).or_default().push((entry.incident.reopened, entry.news));
        }
    }
    assert_eq!(told, model.accepted);
    for id in model.traffic.keys() {
        let kept = all.reader.incident(IncidentId(*id)).unwrap().unwrap();
        let expected = model.incident(*id).unwrap();
        assert_eq!((kept.status, kept.flows), (expected.status, expected.flows));
        let select = "SELECT status FROM incidents WHERE id = ?1";
        let connection = &all.store.database.connection;
        let column: String =
            connection.query_row(select, [IncidentId(*id).to_string()], |row| row.get(0)).unwrap();
        assert_eq!(column, expected.status.name());
    }
}

/// In the end, each sink is told all and knows how each incident stands.
fn drain(all: &mut Everybody, model: &mut Model) {
    act(all, model, Step::Retry);
    for (at, Recipient { sink, .. }) in SINKS.into_iter().enumerate() {
        while !all.waiting(sink).is_empty() {
            act(all, model, Step::Read(at));
            act(all, model, Step::Deliver(at));
        }
    }
    check(all, model);
    assert_eq!(model.taken, model.accepted);
    for ((sink, id), known) in &model.known {
        let incident = model.incident(*id).unwrap();
        assert_eq!(Told::from(&**known), Told::from(&incident));
        assert!(*sink != WEBHOOK.sink || known.flows == incident.flows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_in_whichever_order_each_turn_is_told_once(steps in vec(step(), 1..60)) {
        let mut all = Everybody::telling(&SINKS);
        let mut model = Model::default();
        for step in steps {
            act(&mut all, &mut model, step);
            check(&all, &model);
        }
        drain(&mut all, &mut model);
        prop_assert_eq!(all.reader.verify_audit().unwrap().fault, None);
    }
}
