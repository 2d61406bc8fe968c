//! How the agents of Tetragon do, in words: for the title of pane 4, the sentence in it, and the line
//! at the top. What is lost is said, and nothing is said to be well of which that is not known.

use weir::engine::TetragonStatus;
use weir::tetragon::{AgentLink, AgentStatus, Event, EventKind};

use crate::format;
use crate::text;

/// Columns of the longest name of an agent, and of the longest reason beside other words.
const NAME_COLUMNS: usize = 40;
const REASON_COLUMNS: usize = 120;

/// Whether agents are heard, and what was lost: `connected · 0 lost`.
pub(crate) fn heard(status: &TetragonStatus) -> String {
    let agents = status.agents.len();
    if agents == 0 {
        return if status.absent.is_some() { "not connected" } else { "no agent yet" }.into();
    }
    let (down, waiting) = (count(status, is_down), count(status, is_connecting));
    let words = match (agents, down, waiting) {
        (1, 1, _) => "DOWN".into(),
        (1, 0, 1) => "connecting".into(),
        (1, ..) => "connected".into(),
        (_, 0, 0) => format!("{} connected", format::counted(agents as u64, "agent")),
        (_, 0, _) => format!("{waiting} of {agents} agents connecting"),
        (_, down, _) => format!("{down} of {agents} agents DOWN"),
    };
    let before = some(throttled_before(status), |n| format!("throttled {}", times(n)));
    let lost: Vec<_> = losses(status).into_iter().chain(before).collect();
    let lost = if lost.is_empty() { "0 lost".into() } else { lost.join(" · ") };
    format!("{words} · {lost}")
}

/// What is to be said at the top of the screen: nothing while all is well, else what is wrong, and
/// the reason where there is one.
pub(crate) fn alarm(status: &TetragonStatus) -> Option<(String, Option<&str>)> {
    let agents = status.agents.len();
    let down = match count(status, is_down) {
        0 => None,
        _ if agents == 1 => Some("DOWN".into()),
        down => Some(format!("{down} of {agents} DOWN")),
    };
    let words: Vec<_> = down.into_iter().chain(losses(status)).collect();
    let why = status.agents.iter().find_map(|agent| match &agent.link {
        AgentLink::Down { why, .. } => Some(why.as_str()),
        _ => None,
    });
    (!words.is_empty()).then(|| (format!("TETRAGON {}", words.join(", ")), why))
}

/// What is wrong with agents, and what that means for what is listed below; none while all is well.
pub(crate) fn trouble(status: &TetragonStatus) -> Option<String> {
    let agents = &status.agents;
    let sum = |of: fn(&AgentStatus) -> u64| agents.iter().map(of).sum::<u64>();
    let parts = [
        down(status),
        some(sum(|agent| agent.rate_limited), |n| {
            format!("{} left out by the agent to spare itself", format::counted(n, "event"))
        }),
        some(sum(|agent| agent.dropped), |n| {
            format!("{} dropped because Weir did not keep up", format::counted(n, "event"))
        }),
        some(sum(|agent| agent.unreadable), |n| {
            format!("{} could not be read", format::counted(n, "event"))
        }),
        some(sum(|agent| agent.throttled), |n| {
            format!("throttled: events of {} are left out now", format::counted(n, "cgroup"))
        }),
        some(throttled_before(status), |n| {
            format!("throttled {} among the events below: an unknown number is missing", times(n))
        }),
        some(sum(|agent| agent.gaps), |n| {
            format!("nothing was heard for a while {}: what happened then is not known", times(n))
        }),
    ];
    let words: Vec<_> = parts.into_iter().flatten().collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// Why there is nothing to list.
pub(crate) fn why_empty(status: &TetragonStatus) -> String {
    if let (Some(absent), true) = (&status.absent, status.agents.is_empty()) {
        return text::clean(absent);
    }
    let name = |agent: Option<&AgentStatus>| agent.map(name).unwrap_or_default();
    let (down, waiting) = (count(status, is_down), count(status, is_connecting));
    match status.agents.as_slice() {
        [] => "no agent of Tetragon's has been found yet; it is looked for again and again".into(),
        agents if agents.len() == down => {
            // What the first says stands above.
            let others: String = agents.iter().skip(1).filter_map(words).collect();
            format!("no agent is heard, and nothing came before{others}")
        }
        agents if waiting > 0 => {
            let first = agents.iter().find(|agent| is_connecting(agent));
            format!("waiting for the first word of {}", name(first))
        }
        agents => format!(
            "{} is heard, and nothing has happened yet of which it tells",
            name(agents.iter().find(|agent| agent.link == AgentLink::Up))
        ),
    }
}

/// Which agents are not heard, and the words of the first.
fn down(status: &TetragonStatus) -> Option<String> {
    let mut all = status.agents.iter().filter_map(|agent| match &agent.link {
        AgentLink::Down { since_us, why } => Some((agent, since_us, why)),
        _ => None,
    });
    let (agent, since_us, why) = all.next()?;
    let more = match all.count() {
        0 => String::new(),
        1 => ", as is 1 more".into(),
        more => format!(", as are {more} more"),
    };
    let why = text::clip(&text::clean(why), REASON_COLUMNS);
    let since = format::clock(*since_us);
    Some(format!("{} is DOWN since {since}{more}: {why}", name(agent)))
}

/// What an agent that is not heard says of that, to go on with.
fn words(agent: &AgentStatus) -> Option<String> {
    let AgentLink::Down { why, .. } = &agent.link else { return None };
    let why = text::clip(&text::clean(why), REASON_COLUMNS);
    Some(format!("; {}: {why}", name(agent)))
}

/// An agent by its node; by where it is heard while that is not known.
fn name(agent: &AgentStatus) -> String {
    let name = match agent.node.as_str() {
        "" => agent.endpoint.to_string(),
        node => format!("node/{node}"),
    };
    text::clip_middle(&text::clean(&name), NAME_COLUMNS)
}

/// What was lost, in a few loud words.
fn losses(status: &TetragonStatus) -> Vec<String> {
    let throttled = status.agents.iter().any(|agent| agent.throttled > 0);
    let gaps = status.agents.iter().map(|agent| agent.gaps).sum();
    [
        some(status.lost(), |n| format!("{} LOST", format::short_count(n))),
        throttled.then(|| "THROTTLED".into()),
        some(gaps, |n| format!("{} GAP{}", format::count(n), if n == 1 { "" } else { "S" })),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn some(number: u64, words: impl FnOnce(u64) -> String) -> Option<String> {
    (number > 0).then(|| words(number))
}

fn times(number: u64) -> String {
    if number == 1 { "once".into() } else { format!("{} times", format::count(number)) }
}

/// How often agents began to leave out the events of a cgroup, as far as that is remembered; none
/// while one still does, which is said of its own.
fn throttled_before(status: &TetragonStatus) -> u64 {
    if status.agents.iter().any(|agent| agent.throttled > 0) {
        return 0;
    }
    let begins =
        |event: &Event| event.kind == EventKind::Throttle && event.call.as_str() == "start";
    status.events.iter().filter(|kept| begins(&kept.event)).count() as u64
}

fn count(status: &TetragonStatus, is: fn(&AgentStatus) -> bool) -> usize {
    status.agents.iter().filter(|agent| is(agent)).count()
}

const fn is_down(agent: &AgentStatus) -> bool {
    matches!(agent.link, AgentLink::Down { .. })
}

const fn is_connecting(agent: &AgentStatus) -> bool {
    matches!(agent.link, AgentLink::Connecting)
}

#[cfg(test)]
mod tests {
    use weir::tetragon::Endpoint;

    use super::*;

    fn agent(link: AgentLink) -> AgentStatus {
        AgentStatus { link, ..AgentStatus::new(Endpoint::Unix("/run/t.sock".into())) }
    }

    fn down() -> AgentLink {
        AgentLink::Down { since_us: 0, why: "connection refused; is it running?".into() }
    }

    fn of(links: impl IntoIterator<Item = AgentLink>) -> TetragonStatus {
        TetragonStatus { agents: links.into_iter().map(agent).collect(), ..Default::default() }
    }

    #[test]
    fn the_title_is_true_for_any_number_of_agents() {
        let absent = TetragonStatus { absent: Some("no socket".into()), ..Default::default() };
        assert_eq!(heard(&absent), "not connected");
        assert_eq!(heard(&of([])), "no agent yet");
        for (links, words) in [
            (vec![AgentLink::Connecting], "connecting · 0 lost"),
            (vec![AgentLink::Up], "connected · 0 lost"),
            (vec![down()], "DOWN · 0 lost"),
            (vec![AgentLink::Up, AgentLink::Up], "2 agents connected · 0 lost"),
            (vec![AgentLink::Up, AgentLink::Connecting], "1 of 2 agents connecting · 0 lost"),
            (vec![down(), AgentLink::Up, AgentLink::Connecting], "1 of 3 agents DOWN · 0 lost"),
        ] {
            assert_eq!(heard(&of(links)), words);
        }
    }

    #[test]
    fn all_that_is_lost_is_said() {
        let mut lossy = of([AgentLink::Up, AgentLink::Up]);
        assert_eq!((trouble(&lossy), alarm(&lossy)), (None, None));
        lossy.agents[0].rate_limited = 1_200;
        lossy.agents[1].dropped = 4;
        lossy.agents[1].throttled = 1;
        lossy.agents[1].gaps = 2;
        let said = "1.20k LOST · THROTTLED · 2 GAPS";
        assert_eq!(heard(&lossy), format!("2 agents connected · {said}"));
        let (words, why) = alarm(&lossy).unwrap();
        assert_eq!((words.as_str(), why), ("TETRAGON 1.20k LOST, THROTTLED, 2 GAPS", None));
        let words = trouble(&lossy).unwrap();
        for part in ["1,200 events left out", "4 events dropped", "events of 1 cgroup", "2 times"] {
            assert!(words.contains(part), "{part}: {words}");
        }
    }

    #[test]
    fn an_agent_that_is_down_is_named_with_its_words() {
        let dead = of([down()]);
        let (words, why) = alarm(&dead).unwrap();
        assert_eq!(words, "TETRAGON DOWN");
        assert_eq!(why, Some("connection refused; is it running?"));
        let words = trouble(&dead).unwrap();
        assert!(words.starts_with("unix:///run/t.sock is DOWN since 00:00:00Z: connection refu"));
        let mut two = of([down(), down(), AgentLink::Up]);
        two.agents[0].node = "worker-1\u{1b}[2J".into();
        let words = trouble(&two).unwrap();
        assert!(words.starts_with("node/worker-1\u{fffd}[2J is DOWN"), "{words}");
        assert!(words.contains(", as is 1 more: "), "{words}");
        assert_eq!(alarm(&two).unwrap().0, "TETRAGON 2 of 3 DOWN");
    }

    #[test]
    fn an_empty_list_has_a_reason() {
        let absent = TetragonStatus { absent: Some("no socket".into()), ..Default::default() };
        assert_eq!(why_empty(&absent), "no socket");
        for (links, words) in [
            (vec![], "no agent of Tetragon's has been found"),
            (vec![down()], "no agent is heard, and nothing came before"),
            (
                vec![down(), down()],
                "no agent is heard, and nothing came before; unix:///run/t.sock: connection refused",
            ),
            (vec![AgentLink::Connecting], "waiting for the first word of unix:///run/t.sock"),
            (vec![down(), AgentLink::Up], "unix:///run/t.sock is heard, and nothing"),
        ] {
            let why = why_empty(&of(links));
            assert!(why.starts_with(words), "{why}");
        }
    }
}
