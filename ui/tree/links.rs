//! A map by its ends: what stands below a node, who owns it, what came to it and where it talks to.

use std::collections::{BTreeMap, BTreeSet};

use weir::engine::map::{LiveEdge, MapEdge, MapNode, ServiceMap, Sort, Why};

use super::Traffic;

/// The ends of all edges of a map.
pub(super) struct Links<'m> {
    nodes: BTreeMap<&'m str, &'m MapNode>,
    /// Routes and what services select, by where they begin.
    below: BTreeMap<&'m str, Vec<&'m MapEdge>>,
    owned: BTreeMap<&'m str, Vec<&'m MapNode>>,
    owners: BTreeMap<&'m str, &'m str>,
    led_to: BTreeSet<&'m str>,
    came: BTreeMap<&'m str, Traffic>,
    talks: BTreeMap<&'m str, Vec<&'m LiveEdge>>,
}

impl<'m> Links<'m> {
    pub(super) fn new(map: &'m ServiceMap) -> Self {
        let nodes: BTreeMap<_, _> = map.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut below = BTreeMap::<_, Vec<_>>::new();
        let mut owned = BTreeMap::<_, Vec<_>>::new();
        let (mut owners, mut led_to) = (BTreeMap::new(), BTreeSet::new());
        for edge in &map.edges {
            if edge.why == Why::Owns {
                owners.insert(edge.to.as_str(), edge.from.as_str());
                owned.entry(edge.from.as_str()).or_default().extend(nodes.get(&*edge.to));
            } else {
                below.entry(edge.from.as_str()).or_default().push(edge);
                led_to.insert(edge.to.as_str());
            }
        }
        let mut came = BTreeMap::<_, Traffic>::new();
        let mut talks = BTreeMap::<_, Vec<_>>::new();
        for edge in &map.live {
            let traffic = Traffic::of(edge);
            let to = came.entry(edge.to.as_str());
            to.and_modify(|sum| *sum = sum.and(traffic)).or_insert(traffic);
            talks.entry(edge.from.as_str()).or_default().push(edge);
        }
        Self { nodes, below, owned, owners, led_to, came, talks }
    }

    pub(super) fn node(&self, id: &str) -> Option<&'m MapNode> {
        self.nodes.get(id).copied()
    }

    /// What a node leads to as the cluster has it, but for what a workload owns.
    pub(super) fn below(&self, id: &str) -> Vec<&'m MapEdge> {
        self.below.get(id).cloned().unwrap_or_default()
    }

    /// The pods of a workload.
    pub(super) fn owned(&self, id: &str) -> impl Iterator<Item = &'m MapNode> {
        self.owned.get(id).into_iter().flatten().copied()
    }

    /// The workload of a pod.
    pub(super) fn owner(&self, id: &str) -> Option<&'m str> {
        self.owners.get(id).copied()
    }

    /// Whether an Ingress or a service leads there.
    pub(super) fn is_led_to(&self, node: &MapNode) -> bool {
        self.led_to.contains(&*node.id)
    }

    /// What came to a node.
    pub(super) fn came_to(&self, id: &str) -> Option<Traffic> {
        self.came.get(id).copied()
    }

    /// Whether traffic begins or ends at a node.
    pub(super) fn has_traffic(&self, id: &str) -> bool {
        self.came.contains_key(id) || self.talks.contains_key(id)
    }

    /// What a node opened flows to, the worst first.
    pub(super) fn talks(&self, id: &str) -> impl Iterator<Item = &'m LiveEdge> {
        self.talks.get(id).into_iter().flatten().copied()
    }

    /// What is outside and opened flows, the worst first.
    pub(super) fn talking_from_outside(&self, map: &'m ServiceMap) -> Vec<&'m MapNode> {
        let mut seen = BTreeSet::new();
        let from = map.live.iter().filter_map(|edge| self.node(&edge.from));
        from.filter(|node| node.sort == Sort::Outside && seen.insert(&node.id)).collect()
    }

    /// What the cluster has and nothing there leads to, of the sorts that are wanted, by namespace.
    pub(super) fn roots(&self, wants: impl Fn(Sort) -> bool) -> Vec<&'m MapNode> {
        let is_root = |node: &&MapNode| match node.sort {
            Sort::Ingress => true,
            Sort::Service => !self.is_led_to(node),
            Sort::Workload => {
                let mut pods = self.owned(&node.id).peekable();
                pods.peek().is_none() || pods.any(|pod| !self.is_led_to(pod))
            }
            Sort::Pod => !self.is_led_to(node) && self.owner(&node.id).is_none(),
            Sort::Node | Sort::Outside => false,
        };
        let nodes = self.nodes.values().copied();
        let mut roots: Vec<_> = nodes.filter(|node| wants(node.sort)).filter(is_root).collect();
        roots.sort_by_key(|node| (&node.namespace, node.sort, &node.name));
        roots
    }
}
