//! nginx as ingress-nginx configures it for the annotations that Weir writes, and clients with
//! addresses of their own that load it.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use weir::respond::{Controller, IngressName, Limit};

use super::double::server::own_host;

/// What Debian calls it.
const NGINX: &str = "/usr/sbin/nginx";

/// For how long `/slow` is being answered.
pub const SLOW: Duration = Duration::from_millis(500);

/// A running nginx; it ends when this is dropped.
#[derive(Debug)]
pub struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: TempDir,
}

/// A request and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Under which address and port.
    pub from: SocketAddr,
    /// When it was sent, in µs since the epoch.
    pub at_us: i64,
    /// The status of its answer.
    pub status: u16,
    /// How long it took, in µs.
    pub took_us: i64,
}

/// On which connections a client asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connections {
    /// One after the other on one, which waits for each answer.
    One,
    /// Each on its own, whatever became of those before.
    Each,
}

/// A client and what it does.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    address: Ipv4Addr,
    path: &'static str,
    connections: Connections,
    at_once: u32,
    per_s: f64,
    for_s: f64,
}

impl Client {
    /// A client under this address of the loopback network.
    pub fn at(address: &str) -> Self {
        let address = address.parse().expect("an address");
        Self {
            address,
            path: "/",
            connections: Connections::One,
            at_once: 0,
            per_s: 0.0,
            for_s: 0.0,
        }
    }

    /// What it asks for.
    pub fn asks(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// Each request on a connection of its own, which waits for none before it.
    pub fn anew(self) -> Self {
        Self { connections: Connections::Each, ..self }
    }

    /// How many requests it sends first, as fast as they are answered.
    pub fn at_once(self, at_once: u32) -> Self {
        Self { at_once, ..self }
    }

    /// At which rate it goes on, and for how long.
    pub fn then(self, per_s: f64, for_s: f64) -> Self {
        Self { per_s, for_s, ..self }
    }
}

impl Nginx {
    /// nginx with `limit`; none, said on standard output, where it is not installed.
    pub fn limited(limit: &Limit) -> Option<Self> {
        if !Path::new(NGINX).exists() {
            println!("skipped: no nginx");
            return None;
        }
        let folder = TempDir::new().expect("a folder");
        let address = free_address();
        let configuration = configuration(limit, address, slow_backend());
        fs::create_dir(folder.path().join("www")).expect("a folder");
        fs::write(folder.path().join("www/index.html"), "the shop\n").expect("a page");
        fs::write(folder.path().join("nginx.conf"), configuration).expect("a configuration");
        let child = Command::new(NGINX)
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        let nginx = Self { child, address, _folder: folder };
        nginx.wait();
        Some(nginx)
    }

    /// Has all clients at it at the same time, and says what became of what each sent.
    pub fn load<const N: usize>(&self, clients: [Client; N]) -> [Vec<Sent>; N] {
        let address = self.address;
        let each = clients.map(|client| {
            let (say, said) = mpsc::channel();
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                say.send(runtime.expect("a runtime").block_on(ask(client, address)))
            });
            said
        });
        each.map(|said| said.recv().expect("it ends").expect("nginx answers"))
    }

    fn wait(&self) {
        let (_never, pause) = mpsc::channel::<()>();
        for _ in 0..200 {
            if std::net::TcpStream::connect(self.address).is_ok() {
                return;
            }
            pause.recv_timeout(Duration::from_millis(25)).ok();
        }
        panic!("nginx does not listen");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// All that a client does, in the order in which it is sent.
async fn ask(client: Client, server: SocketAddr) -> io::Result<Vec<Sent>> {
    let mut one = connect(client, server).await?;
    let (mut sent, mut each) = (Vec::new(), JoinSet::new());
    for _ in 0..client.at_once {
        sent.push(exchange(&mut one, client).await?);
    }
    let until = Instant::now() + Duration::from_secs_f64(client.for_s);
    let mut due = Instant::now();
    // Whoever was held up does not make up for it: that would be another client.
    while due.max(Instant::now()) < until {
        tokio::time::sleep_until(due).await;
        due = Instant::now() + Duration::from_secs_f64(1.0 / client.per_s);
        match client.connections {
            Connections::One => sent.push(exchange(&mut one, client).await?),
            Connections::Each => {
                each.spawn(
                    async move { exchange(&mut connect(client, server).await?, client).await },
                );
            }
        }
    }
    while let Some(done) = each.join_next().await {
        sent.push(done.expect("no panic")?);
    }
    sent.sort_by_key(|sent| sent.at_us);
    Ok(sent)
}

async fn connect(client: Client, server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddrV4::new(client.address, 0).into())?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn exchange(stream: &mut TcpStream, client: Client) -> io::Result<Sent> {
    let request = format!("GET {} HTTP/1.1\r\nHost: shop.example\r\n\r\n", client.path);
    let from = stream.local_addr()?;
    let at_us = now_us();
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    loop {
        if let Some(status) = whole(&answer) {
            return Ok(Sent { from, at_us, status, took_us: now_us() - at_us });
        }
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The status of an answer, as soon as all of it is there.
fn whole(answer: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?;
    (body.len() >= length.parse().ok()?).then(|| head.split(' ').nth(1)?.parse().ok())?
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_micros()).expect("before 294,000")
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((own_host(), 0)).expect("a port");
    listener.local_addr().expect("it is bound")
}

/// A server that takes [`SLOW`] for each request.
fn slow_backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("it is bound");
    listener.set_nonblocking(true).expect("a socket");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut request = [0; 1_024];
                    let read = stream.read(&mut request).await;
                    read.expect("nginx asks");
                    tokio::time::sleep(SLOW).await;
                    stream
                        .write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nslow\n")
                        .await
                        .ok();
                });
            }
        });
    });
    address
}

/// What ingress-nginx makes of the annotations that Weir writes for `limit`: a zone for each Ingress
/// and kind, keyed by the client's address, which is empty for those who are exempt.
fn configuration(limit: &Limit, address: SocketAddr, slow: SocketAddr) -> String {
    let ingress = IngressName::new("shop", "web").expect("a name");
    let fields = Controller::IngressNginx.fields(limit, &ingress, &|_| None).expect("it can");
    let value = |name: &str| {
        let name = format!("nginx.ingress.kubernetes.io/{name}");
        let found = fields.annotations.iter().find(|(annotation, _)| *annotation == name);
        found.map(|(_, value)| value.clone())
    };
    let number = |name| value(name).map(|value| value.parse::<u32>().expect("a number"));
    let times = number("limit-burst-multiplier").unwrap_or(5);
    let (mut zones, mut limits) = (String::new(), String::new());
    for (name, unit) in [("limit-rps", "s"), ("limit-rpm", "m")] {
        let Some(rate) = number(name) else { continue };
        writeln!(zones, "limit_req_zone $limited zone={name}:5m rate={rate}r/{unit};")
            .expect("text");
        writeln!(limits, "limit_req zone={name} burst={} nodelay;", rate * times).expect("text");
    }
    if let Some(connections) = number("limit-connections") {
        zones.push_str("limit_conn_zone $limited zone=connections:5m;\n");
        writeln!(limits, "limit_conn connections {connections};").expect("text");
    }
    let exempt = value("limit-whitelist").unwrap_or_default();
    let exempt = exempt.split(',').filter(|network| !network.is_empty());
    let exempt: Vec<_> = exempt.map(|network| format!("{network} 1;\n")).collect();
    let exempt = exempt.concat();
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log crit;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n\
         access_log off;\nkeepalive_requests 100000;\n\
         client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n\
         uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n\
         limit_req_status 503;\nlimit_conn_status 503;\n\
         geo $exempt {{\ndefault 0;\n{exempt}}}\n\
         map $exempt $limited {{\n0 $binary_remote_addr;\n1 \"\";\n}}\n\
         {zones}\
         server {{\nlisten {address};\n\
         location / {{\nroot www;\n{limits}}}\n\
         location /slow {{\nproxy_pass http://{slow};\n{limits}}}\n\
         }}\n}}\n"
    )
}
