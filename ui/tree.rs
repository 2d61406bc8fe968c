//! What leads where as a tree, line by line: for the console, which says what came to each, and for
//! `weir map`, which sees no traffic.
//!
//! It is no longer than its map allows: what stands below a service and each pod is said once,
//! however many lead there. How a line looks is decided by whoever shows it.

mod links;
#[cfg(test)]
mod tests;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};

use weir::engine::map::{LiveEdge, MapNode, ServiceMap, Sort, Why};

use self::links::Links;
pub(crate) use self::traffic::Traffic;
use crate::format;
use crate::text;

/// Ports of one edge that a map names; there may be more.
const PORTS: usize = 8;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// What stands below it.
    Heading,
    /// Something on the map.
    Node,
    /// Something that the node above talks to.
    Talk,
}

/// A line of the tree, fit for a terminal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// How many lines it stands below, one below the other.
    pub(crate) depth: usize,
    /// What it is about.
    pub(crate) part: Part,
    /// Kind and name: `Service web`; of what is talked to, `→ shop/web:80`.
    pub(crate) name: String,
    /// How it comes to stand here: hosts and paths, or how many pods.
    pub(crate) note: String,
    /// What was seen come to it; of what is talked to, from the node above.
    pub(crate) traffic: Option<Traffic>,
}

/// Everything the cluster has, by namespace, pod by pod.
pub(crate) fn by_namespace(map: &ServiceMap) -> Vec<Line> {
    let links = Links::new(map);
    let mut tree = Tree::new(&links, Pods::All);
    tree.namespaces(links.roots(|_| true));
    tree.lines
}

/// What comes in through Ingresses, then from outside, then the rest of each namespace, and to whom
/// each of them talks. Pods are counted alone where no traffic was seen at them.
pub(crate) fn with_traffic(map: &ServiceMap) -> Vec<Line> {
    let links = Links::new(map);
    let mut tree = Tree::new(&links, Pods::WithTraffic);
    for ingress in links.roots(|sort| sort == Sort::Ingress) {
        tree.node(ingress, 0, "");
    }
    // Where no cluster is known, nothing is outside of it.
    let knows_cluster = map.nodes.iter().any(|node| node.sort != Sort::Outside);
    let outside = if knows_cluster { "outside" } else { "hosts" };
    tree.under(outside, &links.talking_from_outside(map));
    tree.namespaces(links.roots(|sort| sort != Sort::Ingress));
    let nodes: Vec<_> = map.nodes.iter().filter(|node| node.sort == Sort::Node).collect();
    tree.under("nodes", &nodes);
    tree.lines
}

/// What an end of an edge is called: `shop/web`, `node/worker-1`, an address.
pub(crate) fn called(node: &MapNode) -> String {
    let name = text::clean(&node.name);
    match node.sort {
        Sort::Outside if name == "others" => "other addresses".to_owned(),
        Sort::Outside => name,
        Sort::Node => format!("node/{name}"),
        _ => format!("{}/{name}", text::clean(&node.namespace)),
    }
}

/// Whom an edge leads to, and at which ports: `shop/web:80,443`.
pub(crate) fn target(node: &MapNode, edge: &LiveEdge) -> String {
    let name = called(node);
    if edge.ports.is_empty() {
        return name;
    }
    let ports: Vec<_> = edge.ports.iter().map(ToString::to_string).collect();
    let more = if ports.len() < PORTS { "" } else { ",…" };
    let name = if name.contains(':') { format!("[{name}]") } else { name };
    format!("{name}:{}{more}", ports.join(","))
}

/// Which pods have a line of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pods {
    All,
    WithTraffic,
}

/// The lines so far.
struct Tree<'l, 'm> {
    links: &'l Links<'m>,
    pods: Pods,
    /// Services and pods that have been said.
    said: BTreeSet<&'m str>,
    lines: Vec<Line>,
}

impl<'l, 'm> Tree<'l, 'm> {
    const fn new(links: &'l Links<'m>, pods: Pods) -> Self {
        Self { links, pods, said: BTreeSet::new(), lines: Vec::new() }
    }

    fn under(&mut self, heading: &str, nodes: &[&'m MapNode]) {
        if !nodes.is_empty() {
            let (name, note) = (heading.to_owned(), String::new());
            self.lines.push(Line { depth: 0, part: Part::Heading, name, note, traffic: None });
        }
        for node in nodes {
            self.node(node, 1, "");
        }
    }

    /// `roots` below their namespaces, each kept in its order.
    fn namespaces(&mut self, roots: Vec<&'m MapNode>) {
        let mut namespaces = BTreeMap::<&str, Vec<_>>::new();
        for root in roots {
            namespaces.entry(&root.namespace).or_default().push(root);
        }
        for (namespace, roots) in namespaces {
            self.under(&text::clean(namespace), &roots);
        }
    }

    /// A node, and what stands below it.
    fn node(&mut self, node: &'m MapNode, depth: usize, how: &str) {
        if node.sort == Sort::Workload {
            let alone = self.links.owned(&node.id).filter(|pod| !self.links.is_led_to(pod));
            return self.workload(node, &alone.collect::<Vec<_>>(), depth);
        }
        let below = self.links.below(&node.id);
        let is_said = !self.said.insert(&node.id);
        let again = if is_said && !below.is_empty() { ", as above" } else { "" };
        self.lines.push(Line {
            depth,
            part: Part::Node,
            name: titled(node, depth),
            note: format!("{how}{again}"),
            traffic: self.links.came_to(&node.id),
        });
        if is_said {
            return;
        }
        for edge in below.iter().filter(|edge| edge.why == Why::Routes) {
            if let Some(service) = self.links.node(&edge.to) {
                let routes = text::clean(&edge.routes.join(", "));
                self.node(service, depth + 1, &format!("by {routes}"));
            }
        }
        let pods = below.iter().filter(|edge| edge.why == Why::Selects);
        self.answering(pods.filter_map(|edge| self.links.node(&edge.to)).collect(), depth + 1);
        self.talks(&node.id, depth + 1);
    }

    /// The pods that answer for a service, by their workloads.
    fn answering(&mut self, pods: Vec<&'m MapNode>, depth: usize) {
        let mut workloads = BTreeMap::<Option<&str>, Vec<_>>::new();
        for pod in pods {
            workloads.entry(self.links.owner(&pod.id)).or_default().push(pod);
        }
        for (owner, pods) in workloads {
            match owner.and_then(|owner| self.links.node(owner)) {
                Some(workload) => self.workload(workload, &pods, depth),
                None => pods.iter().for_each(|pod| self.node(pod, depth, "")),
            }
        }
    }

    /// A workload and those of its pods that stand here.
    fn workload(&mut self, workload: &'m MapNode, pods: &[&'m MapNode], depth: usize) {
        let all = self.links.owned(&workload.id).count();
        let note = match pods.len() {
            0 => String::new(),
            some if some < all => format!("{some} of {}", format::counted(all as u64, "pod")),
            some => format::counted(some as u64, "pod"),
        };
        let traffic =
            pods.iter().filter_map(|pod| self.links.came_to(&pod.id)).reduce(Traffic::and);
        let name = titled(workload, depth);
        self.lines.push(Line { depth, part: Part::Node, name, note, traffic });
        let is_shown = |pod: &&&MapNode| self.pods == Pods::All || self.links.has_traffic(&pod.id);
        let shown = pods.iter().filter(is_shown).filter(|pod| !self.said.contains(&*pod.id));
        for pod in shown.collect::<Vec<_>>() {
            self.node(pod, depth + 1, "");
        }
    }

    /// To whom a node talks, the worst first.
    fn talks(&mut self, id: &str, depth: usize) {
        let links = self.links;
        for edge in links.talks(id) {
            let Some(to) = links.node(&edge.to) else { continue };
            let name = format!("→ {}", target(to, edge));
            let (note, traffic) = (String::new(), Some(Traffic::of(edge)));
            self.lines.push(Line { depth, part: Part::Talk, name, note, traffic });
        }
    }
}

/// Kind and name of a node; nothing above one at the very left says its namespace.
fn titled(node: &MapNode, depth: usize) -> String {
    let name = if depth == 0 { called(node) } else { text::clean(&node.name) };
    match (node.sort, &node.kind) {
        (Sort::Workload, Some(kind)) => format!("{} {name}", text::clean(kind)),
        (Sort::Workload, None) => format!("Workload {name}"),
        (Sort::Ingress, _) => format!("Ingress {name}"),
        (Sort::Service, _) => format!("Service {name}"),
        (Sort::Pod, _) => format!("Pod {name}"),
        (Sort::Node, _) => name,
        (Sort::Outside, _) => called(node),
    }
}
