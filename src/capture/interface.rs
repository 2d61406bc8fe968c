//! Live capture on one interface.

use std::fs;
use std::os::fd::AsFd;
use std::path::PathBuf;

use caps::{CapSet, Capability};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use pcap::{Active, Capture, Linktype};

use super::filter::refused;
use super::route::{ANY, interfaces, is_up};
use super::{Error, MAX_FRAME};
use crate::packet::{Frame, LinkType};

/// The smallest ring, in bytes.
const MIN_RING: usize = 64 << 20;
/// How long the kernel gathers packets, and how long a quiet link is waited for.
const TIMEOUT_MS: u16 = 100;
/// Every so many quiet times the interface is looked after.
const QUIET_CHECK: u32 = 10;

const COOKED_V2: Linktype = Linktype(276);

/// How to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// BPF expression; the kernel drops what it does not take.
    pub filter: Option<String>,
    /// Most bytes kept of a frame, at most [`MAX_FRAME`].
    pub snap_len: u32,
    /// Size of the ring shared with the kernel in bytes; less than 64 MiB counts as that.
    pub ring_bytes: usize,
    /// Whether to see frames for other hosts too; has no effect on `any`.
    pub promiscuous: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { filter: None, snap_len: 2048, ring_bytes: MIN_RING, promiscuous: true }
    }
}

/// What a live interface yields.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// No frame is waiting: at once after the last of a batch, then every 100 ms.
    ///
    /// The time for the caller to hand on what it gathered and to let its clock tick.
    Quiet,
}

/// What became of the frames since the capture began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames the filter took: delivered, still in the ring, or dropped by the kernel.
    ///
    /// On loopback twice as many as are delivered: the kernel shows each leaving and arriving,
    /// libpcap hides the former.
    pub received: u64,
    /// Frames the filter took that found no room in the ring: this process was too slow.
    pub dropped_kernel: u64,
    /// Frames the interface or its driver gave up before the filter (`rx_missed_errors` and
    /// `rx_fifo_errors`); libpcap counts them in promiscuous mode only, and 0 otherwise.
    pub dropped_interface: u64,
}

/// A live capture on one interface.
pub struct Interface {
    name: String,
    capture: Capture<Active>,
    link: LinkType,
    counters: Counters,
    /// What libpcap said last; it counts in 32 bits, which wrap within hours.
    raw: pcap::Stat,
    drained: bool,
    quiet: u32,
}

impl Interface {
    /// Opens the interface of this name, or all of them at once as `any`.
    ///
    /// Needs `CAP_NET_RAW`, and no privilege any more afterwards.
    pub fn open(name: &str, options: &Options) -> Result<Self, Error> {
        let failed = |source| Error::Interface { name: name.to_owned(), source };
        let ring = i32::try_from(options.ring_bytes.max(MIN_RING)).unwrap_or(i32::MAX);
        let snap_len = i32::try_from(options.snap_len.clamp(1, MAX_FRAME)).unwrap_or(i32::MAX);
        let mut capture = Capture::from_device(name)
            .map_err(failed)?
            .snaplen(snap_len)
            .buffer_size(ring)
            .timeout(TIMEOUT_MS.into())
            .immediate_mode(false)
            // Asked of `any`, libpcap warns, which the crate takes for a failure.
            .promisc(options.promiscuous && name != ANY)
            .open()
            .map_err(|source| explain(name, source))?;
        if name == ANY && capture.list_datalinks().map_err(failed)?.contains(&COOKED_V2) {
            capture.set_datalink(COOKED_V2).map_err(failed)?;
        }
        if let Some(filter) = &options.filter {
            capture.filter(filter, true).map_err(|cause| refused(filter, &cause))?;
        }
        let number = u32::try_from(capture.get_datalink().0).unwrap_or(u32::MAX);
        let link = LinkType::from_number(number)
            .ok_or_else(|| Error::LinkType { origin: name.to_owned(), number })?;
        // With its newest ring libpcap waits for ever on a quiet link; the wait is done here.
        let capture = capture.setnonblock().map_err(failed)?;
        Ok(Self {
            name: name.to_owned(),
            capture,
            link,
            counters: Counters::default(),
            raw: pcap::Stat { received: 0, dropped: 0, if_dropped: 0 },
            drained: false,
            quiet: 0,
        })
    }

    /// The next frame, or word that there is none just now.
    ///
    /// An interface that goes down or disappears ends in [`Error::Gone`], within about a second.
    #[expect(clippy::should_implement_trait, reason = "what it yields borrows from it")]
    pub fn next(&mut self) -> Result<Event<'_>, Error> {
        if self.drained && !self.wait()? {
            return Ok(Event::Quiet);
        }
        match self.capture.next_packet() {
            Ok(packet) => {
                self.drained = false;
                let stamp = packet.header.ts;
                Ok(Event::Frame(Frame {
                    time_us: stamp.tv_sec.saturating_mul(1_000_000).saturating_add(stamp.tv_usec),
                    link: self.link,
                    wire_len: packet.header.len,
                    bytes: packet.data,
                }))
            }
            Err(pcap::Error::TimeoutExpired) => {
                self.drained = true;
                Ok(Event::Quiet)
            }
            Err(source) => Err(gone(&self.name)
                .unwrap_or_else(|| Error::Receive { name: self.name.clone(), source })),
        }
    }

    /// The interface's name as given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many frames came and how many were lost, asked of the kernel now.
    ///
    /// To be asked at least every few hours, because libpcap counts in 32 bits.
    pub fn counters(&mut self) -> Result<Counters, Error> {
        let now = self
            .capture
            .stats()
            .map_err(|source| Error::Receive { name: self.name.clone(), source })?;
        let since = |now: u32, then: u32| u64::from(now.wrapping_sub(then));
        self.counters.received += since(now.received, self.raw.received);
        self.counters.dropped_kernel += since(now.dropped, self.raw.dropped);
        self.counters.dropped_interface += since(now.if_dropped, self.raw.if_dropped);
        self.raw = now;
        Ok(self.counters)
    }

    /// Waits for frames; whether there are any.
    fn wait(&mut self) -> Result<bool, Error> {
        let mut ready = [PollFd::new(self.capture.as_fd(), PollFlags::POLLIN)];
        let some = match poll(&mut ready, TIMEOUT_MS) {
            Ok(count) => count > 0,
            // A signal is for the caller to notice, who is told that it is quiet.
            Err(Errno::EINTR) => false,
            Err(errno) => {
                let source = pcap::Error::IoError(std::io::Error::from(errno).kind());
                return Err(Error::Receive { name: self.name.clone(), source });
            }
        };
        if some {
            self.quiet = 0;
            return Ok(true);
        }
        self.quiet += 1;
        if self.quiet < QUIET_CHECK {
            return Ok(false);
        }
        self.quiet = 0;
        gone(&self.name).map_or(Ok(false), Err)
    }
}

/// libpcap waits for an interface that went down; here that is an error.
fn gone(name: &str) -> Option<Error> {
    let how = match is_up(name) {
        _ if name == ANY => return None,
        Some(true) => return None,
        Some(false) => "went down",
        None => "disappeared",
    };
    Some(Error::Gone { name: name.to_owned(), how })
}

/// Why an interface could not be opened, as far as the system tells.
fn explain(name: &str, source: pcap::Error) -> Error {
    let known = interfaces();
    let name = name.to_owned();
    if !known.contains(&name) {
        return Error::MissingInterface { name, known };
    }
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap_or(false) {
        return Error::Interface { name, source };
    }
    let program = fs::read_link("/proc/self/exe").unwrap_or_else(|_| PathBuf::from("weir"));
    Error::Permission { name, program }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;

    /// Root of a container may lack what capturing needs.
    fn may_capture() -> bool {
        let may = caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap();
        if !may {
            println!("skipped: needs root");
        }
        may
    }

    /// Sends `count` datagrams to `port` here and returns the frames of them seen, and times quiet.
    fn capture_own(name: &str, count: usize) -> (Vec<(LinkType, u32)>, usize, Counters) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let filter = Some(format!("udp and dst port {port}"));
        let mut interface =
            Interface::open(name, &Options { filter, ..Options::default() }).unwrap();
        for _ in 0..count {
            socket.send_to(b"hello", ("127.0.0.1", port)).unwrap();
        }
        let (mut frames, mut quiet) = (Vec::new(), 0);
        while quiet < 5 {
            match interface.next().unwrap() {
                Event::Frame(frame) => {
                    assert!(frame.bytes.ends_with(b"hello"));
                    assert!(frame.time_us > 1_600_000_000_000_000);
                    frames.push((frame.link, frame.wire_len));
                }
                Event::Quiet => quiet += 1,
            }
        }
        (frames, quiet, interface.counters().unwrap())
    }

    #[test]
    fn frames_on_loopback_are_seen_and_counted_and_a_quiet_link_says_so() {
        if !may_capture() {
            return;
        }
        let (frames, quiet, counters) = capture_own("lo", 3);
        assert!(frames.starts_with(&[(LinkType::Ethernet, 14 + 20 + 8 + 5); 3]));
        assert_eq!(counters.received, 2 * frames.len() as u64);
        assert_eq!((quiet, counters.dropped_kernel), (5, 0));
    }

    #[test]
    fn any_delivers_cooked_frames_of_the_second_version() {
        if !may_capture() {
            return;
        }
        let (frames, ..) = capture_own(ANY, 1);
        assert_eq!(frames[0].0, LinkType::LinuxSll2);
    }

    #[test]
    fn a_missing_interface_is_named_with_those_there_are() {
        let error = Interface::open("nosuch0", &Options::default()).err().unwrap();
        let text = error.to_string();
        assert!(
            text.contains("`nosuch0`") && text.contains("lo") && text.contains("any"),
            "{text}"
        );
    }

    #[test]
    fn a_bad_filter_is_told_in_the_words_of_libpcap() {
        if !may_capture() {
            return;
        }
        let options = Options { filter: Some("tcp port".into()), ..Options::default() };
        let error = Interface::open("lo", &options).err().unwrap();
        assert!(error.to_string().contains("syntax error"), "{error}");
    }
}
