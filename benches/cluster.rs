//! What it costs to watch a large cluster: time until all is known, memory, and time of a lookup.
//!
//! Another process of the same program serves the lists, as an API server would: in pages, each object
//! as large as real ones are. Prints what was measured and what is aimed at.

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use weir::cluster::{self, Cluster, ClusterStatus, Options, World};
use weir::packet::Address;

const PODS: usize = 5_000;
const SERVICES: usize = 2_000;
const NODES: usize = 100;

/// How long it may take until all is known, before it is given up.
const READY: Duration = Duration::from_mins(1);

/// Lookups that are timed.
const LOOKUPS: u32 = 2_000_000;

/// When the pods started, and a moment at which they run.
const STARTED: &str = "2026-01-01T00:00:00Z";
const NOW_US: i64 = 1_780_000_000_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().any(|argument| argument == "--serve") {
        return serve();
    }
    let mut server = Command::new(std::env::current_exe()?)
        .arg("--serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut url = String::new();
    BufReader::new(server.stdout.take().ok_or("the server has no output")?).read_line(&mut url)?;
    let measured = measure(url.trim());
    // It ends when nobody is left to write to it.
    drop(server.stdin.take());
    server.wait()?;
    measured
}

fn measure(url: &str) -> Result<(), Box<dyn Error>> {
    weir::notify::prepare();
    let tasks = Runtime::new()?;
    let before = memory("VmRSS")?;
    let stop = CancellationToken::new();
    let (sender, mut latest) = watch::channel(<(ClusterStatus, Arc<World>)>::default());
    let (ready_s, world) = tasks.block_on(async {
        let began = Instant::now();
        let cluster = Cluster::at(url, &Options::default())?;
        let tell = move |status, world| drop(sender.send_replace((status, world)));
        tokio::spawn(cluster::watch(cluster, tell, stop.clone()));
        let all = |known: &(ClusterStatus, Arc<World>)| {
            let (status, world) = known;
            world.pods().len() == PODS
                && status.watches.iter().all(|watch| watch.heard_us.is_some())
        };
        let ready = timeout(READY, latest.wait_for(all)).await;
        let ready = ready.map_err(|_| format!("not all is known after {} s", READY.as_secs()))?;
        let world = Arc::clone(&ready?.1);
        Ok::<_, Box<dyn Error>>((began.elapsed().as_secs_f64(), world))
    })?;
    let (after, peak) = (memory("VmRSS")?, memory("VmHWM")?);
    let lookup_ns = time_lookups(&world)?;
    stop.cancel();
    let mut out = io::stdout().lock();
    writeln!(out, "{PODS} pods, {SERVICES} services, {NODES} nodes")?;
    writeln!(out, "caches ready  {ready_s:.2} s (aim 10 s)")?;
    writeln!(
        out,
        "memory        {after:.1} MB, {before:.1} MB before, {peak:.1} MB at most (aim 150 MB)"
    )?;
    writeln!(out, "lookup        {lookup_ns:.0} ns (aim 1,000 ns)")?;
    Ok(())
}

/// Nanoseconds of one lookup: pods, services, and an address outside by turns.
fn time_lookups(world: &World) -> Result<f64, Box<dyn Error>> {
    let mut addresses: Vec<Address> =
        (0..PODS).map(|pod| Address::from(pod_address(pod))).collect();
    addresses.extend((0..SERVICES).map(|service| Address::from(service_address(service))));
    let known = addresses.len();
    addresses.extend((0..SERVICES).map(|n| Address::from(address(203, n))));
    let found = addresses.iter().filter(|one| world.who(**one, NOW_US).is_some()).count();
    if found != known {
        return Err(format!("{found} of {known} addresses are known").into());
    }
    fastrand::Rng::with_seed(7).shuffle(&mut addresses);
    let began = Instant::now();
    for one in addresses.iter().cycle().take(LOOKUPS as usize) {
        black_box(world.who(black_box(*one), NOW_US));
    }
    Ok(began.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKUPS))
}

/// A figure of this process's memory in megabytes.
fn memory(name: &str) -> Result<f64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such figure")?;
    let kib: f64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
    Ok(kib / 1_000.0 * 1.024)
}

fn address(first: u8, number: usize) -> IpAddr {
    let [.., high, low] = number.to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(first, 0, high, low))
}

fn pod_address(pod: usize) -> IpAddr {
    address(10, pod)
}

fn service_address(service: usize) -> IpAddr {
    address(172, service)
}

/// Serves until its input ends.
fn serve() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(io::stdout(), "http://{}", listener.local_addr()?)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || converse(stream));
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Answers one request after another. A watch is begun, and nothing happens in it.
fn converse(mut stream: TcpStream) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(first) = lines.next().transpose()? {
        while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
        let url = first.split(' ').nth(1).unwrap_or_default();
        if url.contains("watch=true") {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
            continue;
        }
        let body = answer(url);
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    }
    Ok(())
}

fn answer(url: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let parameter = |name: &str| {
        let mut all = query.split('&').filter_map(|pair| pair.split_once('='));
        all.find(|(key, _)| *key == name).and_then(|(_, value)| value.parse::<usize>().ok())
    };
    let (total, object): (usize, fn(usize) -> String) = match path {
        "/version" => return r#"{"gitVersion":"v1.33.1"}"#.to_owned(),
        "/api/v1/pods" => (PODS, pod),
        "/api/v1/services" => (SERVICES, service),
        "/apis/discovery.k8s.io/v1/endpointslices" => (SERVICES, slice),
        "/apis/apps/v1/replicasets" => (PODS / 2, replica_set),
        "/api/v1/nodes" => (NODES, node),
        _ => (0, |_| String::new()),
    };
    let from = parameter("continue").unwrap_or(0);
    let to = (from + parameter("limit").unwrap_or(total)).min(total);
    let items: Vec<_> = (from..to).map(object).collect();
    let next = if to < total { to.to_string() } else { String::new() };
    let meta = format!(r#"{{"resourceVersion":"7","continue":"{next}"}}"#);
    format!(r#"{{"kind":"List","metadata":{meta},"items":[{}]}}"#, items.join(","))
}

/// Metadata with what fills most of real ones: the fields of each manager.
fn meta(name: &str, more: &str) -> String {
    let mut fields = String::new();
    for n in 0..40 {
        write!(fields, r#""f:a-field-that-somebody-manages-{n}":{{".":{{}},"f:nested":{{}}}},"#)
            .ok();
    }
    format!(
        r#"{{"name":"{name}","namespace":"shop","uid":"uid-{name}","resourceVersion":"5",
        "creationTimestamp":"{STARTED}",{more}
        "managedFields":[{{"manager":"kubelet","fieldsV1":{{{fields}"f:last":{{}}}}}}]}}"#
    )
}

fn owner(kind: &str, name: &str) -> String {
    format!(r#""ownerReferences":[{{"kind":"{kind}","name":"{name}","controller":true}}],"#)
}

fn pod(n: usize) -> String {
    let meta = meta(&format!("web-{n}"), &owner("ReplicaSet", &format!("set-{}", n / 2)));
    let address = pod_address(n);
    let resources = r#"{"requests":{"cpu":"250m","memory":"64Mi"},"limits":{"memory":"128Mi"}}"#;
    let environment: Vec<_> = (0..20)
        .map(|n| format!(r#"{{"name":"VARIABLE_{n}","value":"some value of it"}}"#))
        .collect();
    let environment = environment.join(",");
    format!(
        r#"{{"metadata":{meta},"spec":{{"nodeName":"node-{}","containers":[{{"name":"web",
        "image":"registry.example/shop/web:1.2.3","resources":{resources},"env":[{environment}]}}]}},
        "status":{{"phase":"Running","podIP":"{address}","podIPs":[{{"ip":"{address}"}}],
        "startTime":"{STARTED}","conditions":[{{"type":"Ready","status":"True"}}]}}}}"#,
        n % NODES
    )
}

fn service(n: usize) -> String {
    let (meta, address) = (meta(&format!("service-{n}"), ""), service_address(n));
    format!(
        r#"{{"metadata":{meta},"spec":{{"type":"ClusterIP","clusterIP":"{address}",
        "clusterIPs":["{address}"]}},"status":{{"loadBalancer":{{}}}}}}"#
    )
}

fn slice(n: usize) -> String {
    let label = format!(r#""labels":{{"kubernetes.io/service-name":"service-{n}"}},"#);
    let pods = [n * 2, n * 2 + 1].map(|pod| {
        let address = pod_address(pod);
        format!(r#"{{"addresses":["{address}"],"targetRef":{{"kind":"Pod","name":"web-{pod}"}}}}"#)
    });
    let meta = meta(&format!("service-{n}-x"), &label);
    format!(r#"{{"metadata":{meta},"endpoints":[{}]}}"#, pods.join(","))
}

fn replica_set(n: usize) -> String {
    let owner = owner("Deployment", &format!("deployment-{n}"));
    format!(r#"{{"metadata":{}}}"#, meta(&format!("set-{n}"), &owner))
}

fn node(n: usize) -> String {
    let (meta, address) = (meta(&format!("node-{n}"), ""), address(192, n));
    format!(
        r#"{{"metadata":{meta},"status":{{"addresses":[{{"type":"InternalIP","address":"{address}"}}],
        "allocatable":{{"cpu":"8","memory":"32Gi"}}}}}}"#
    )
}
