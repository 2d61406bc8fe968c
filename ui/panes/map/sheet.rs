//! A service map as it is shown: what is to be said of it, then its tree under names of columns.

use ratatui::text::{Line as Text, Span};
use weir::cluster::Link;
use weir::engine::Snapshot;
use weir::engine::map::{LeftOut, ServiceMap, Sort};

use crate::format;
use crate::look::Look;
use crate::text;
use crate::theme::Role;
use crate::tree::{self, Line, Part, Traffic};
use crate::widgets::table::{Cell, Clip, Column, Row};

/// The columns of the tree.
pub(super) const FIELDS: [Column; 7] = [
    Column::text("NAME", 18, Clip::Middle, 0),
    Column::text("WORST", 14, Clip::End, 1),
    Column::number("SCORE", 5, 2),
    Column::number("FLOWS/S", 7, 3),
    Column::number("RESETS", 6, 4),
    Column::number("BYTES/S", 9, 5),
    Column::number("FLOWS", 5, 6),
];

/// Columns of a note that stands beside figures.
const NOTE_COLUMNS: usize = 24;

/// A map, ready to be drawn at any size.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) title: String,
    /// What must be said before the tree.
    pub(super) words: Vec<(Role, String)>,
    pub(super) lines: Vec<Drawn>,
}

/// A line of the tree, and the branches before it.
#[derive(Debug)]
pub(super) struct Drawn {
    branches: String,
    line: Line,
}

impl Sheet {
    /// The map of what `snapshot` knows.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let map = ServiceMap::of(snapshot);
        let lines = tree::with_traffic(&map);
        let branches = branches(&lines);
        Self {
            title: title(&map, &snapshot.cluster.link),
            words: words(&map, &snapshot.cluster.link),
            lines: branches
                .into_iter()
                .zip(lines)
                .map(|(branches, line)| Drawn { branches, line })
                .collect(),
        }
    }

    /// All of it as text.
    pub(super) fn written(&self) -> String {
        let words = self.words.iter().map(|(_, words)| format!("{words}\n"));
        words.chain(self.lines.iter().map(Drawn::written)).collect()
    }
}

impl Drawn {
    /// The line as a row of figures; an empty one where nothing was seen.
    pub(super) fn row(&self, look: &Look) -> Row {
        let Line { name, note, traffic, .. } = &self.line;
        let Some(traffic) = traffic else { return Row::default() };
        let gap = if note.is_empty() { "" } else { "  " };
        let note = text::clip(note, NOTE_COLUMNS);
        let name = look.cell(self.role(), format!("{}{name}{gap}{note}", self.branches));
        let mark = if traffic.is_alarm { "▌" } else { "" };
        let cells = [name].into_iter().chain(figures(traffic, look)).collect();
        Row { mark: look.cell(Role::Critical, mark), cells, note: None }
    }

    /// The line in so many columns, where nothing was seen.
    pub(super) fn alone(&self, columns: u16, look: &Look) -> Option<Text<'static>> {
        let Line { name, note, traffic, .. } = &self.line;
        let columns = usize::from(columns);
        let name = text::clip_middle(&format!("{}{name}", self.branches), columns);
        let gap = if note.is_empty() { "" } else { "  " };
        let note = text::clip(&format!("{gap}{note}"), columns - text::width(&name).min(columns));
        let name = Span::styled(name, look.style(self.role()));
        let note = Span::styled(note, look.style(Role::Dim));
        traffic.is_none().then(|| Text::from_iter([name, note]))
    }

    fn role(&self) -> Role {
        match (self.line.part, self.line.traffic) {
            (Part::Heading, _) => Role::Title,
            (_, Some(Traffic { is_alarm: true, .. })) => Role::Critical,
            (Part::Node, _) => Role::Text,
            (Part::Talk, _) => Role::Dim,
        }
    }

    fn written(&self) -> String {
        let Line { name, note, traffic, .. } = &self.line;
        let traffic = traffic.map(|traffic| traffic.written()).unwrap_or_default();
        let name = format!("{}{name}", self.branches);
        let parts = [name, note.clone(), traffic].into_iter().filter(|part| !part.is_empty());
        format!("{}\n", parts.collect::<Vec<_>>().join("  "))
    }
}

fn figures(traffic: &Traffic, look: &Look) -> [Cell; 6] {
    let role = if traffic.is_alarm { Role::Critical } else { Role::Dim };
    let resets = if traffic.resets > 0 { Role::Warning } else { Role::Dim };
    [
        look.cell(role, traffic.worst()),
        look.cell(role, format!("{:.3}", traffic.score)),
        look.cell(Role::Text, traffic.flow_rate()),
        look.cell(resets, format::short_count(traffic.resets)),
        look.cell(Role::Text, format::bytes_per_s(traffic.bytes_per_s)),
        look.cell(Role::Text, format::short_count(traffic.flows)),
    ]
}

/// What stands before each line, so that it is seen below which it stands.
fn branches(lines: &[Line]) -> Vec<String> {
    // By depth, whether another line follows below the same.
    let mut follows: Vec<bool> = Vec::new();
    let mut branches: Vec<String> = Vec::with_capacity(lines.len());
    for line in lines.iter().rev() {
        follows.resize(line.depth + 1, false);
        let levels = follows.iter().enumerate().skip(1);
        let branch = levels.map(|(depth, follows)| match (depth == line.depth, follows) {
            (true, true) => "├ ",
            (true, false) => "└ ",
            (false, true) => "│ ",
            (false, false) => "  ",
        });
        branches.push(branch.collect());
        if let Some(last) = follows.last_mut() {
            *last = true;
        }
    }
    branches.reverse();
    branches
}

fn title(map: &ServiceMap, link: &Link) -> String {
    let alarms = match map.live.iter().filter(|edge| edge.is_alarm).count() as u64 {
        0 => String::new(),
        some => format!("{} · ", format::counted(some, "alarm")),
    };
    if matches!(link, Link::Absent(_)) {
        return format!("Map ─ {alarms}no cluster");
    }
    let count = |sort: Sort| map.nodes.iter().filter(|node| node.sort == sort).count() as u64;
    let ingresses = match count(Sort::Ingress) {
        1 => "1 Ingress".to_owned(),
        some => format!("{} Ingresses", format::count(some)),
    };
    let services = format::counted(count(Sort::Service), "service");
    let pods = format::counted(count(Sort::Pod), "pod");
    format!("Map ─ {alarms}{ingresses} · {services} · {pods}")
}

fn words(map: &ServiceMap, link: &Link) -> Vec<(Role, String)> {
    let mut all = Vec::new();
    all.extend(trouble(map).map(|words| (Role::Critical, words)));
    all.extend(unknown(link));
    all.extend(left_out(map.left_out).map(|words| (Role::Warning, words)));
    if map.nodes.is_empty() {
        all.push((Role::Dim, "no traffic was seen yet".into()));
    }
    all
}

/// What is not known of the cluster.
fn unknown(link: &Link) -> Option<(Role, String)> {
    match link {
        Link::Absent(why) => {
            let why = text::clean(why.strip_prefix("no cluster: ").unwrap_or(why));
            Some((Role::Dim, format!("no cluster, hosts are shown by address: {why}")))
        }
        Link::Connecting => {
            let words = "hosts are shown by address: the API server has not answered yet";
            Some((Role::Dim, words.into()))
        }
        Link::Down { since_us, why } => {
            let (since, why) = (format::clock(*since_us), text::clean(why));
            let words = format!(
                "the cluster has not answered since {since}: {why}; what stands here may be old"
            );
            Some((Role::Bad, words))
        }
        Link::Up => None,
    }
}

fn left_out(LeftOut { nodes, edges, live }: LeftOut) -> Option<String> {
    let parts: Vec<_> = [
        (nodes, "nodes, pods without traffic first"),
        (edges, "connections, so that fewer pods are counted than there are"),
        (live, "edges of traffic, those with the lowest scores"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{} {what}", format::count(count)))
    .collect();
    (!parts.is_empty()).then(|| format!("left out for want of room: {}", parts.join("; ")))
}

/// The worst that alarms: it may stand far down in the tree.
fn trouble(map: &ServiceMap) -> Option<String> {
    let worst = map.live.first().filter(|edge| edge.is_alarm)?;
    let end = |id: &str| map.nodes.iter().find(|node| node.id == id);
    let (from, to) = (tree::called(end(&worst.from)?), tree::target(end(&worst.to)?, worst));
    Some(format!("ALARM {} {:.3}: {from} → {to}", worst.class, worst.score))
}
