//! What holds for any packets: none is lost, none counted twice, and no way of sharing the work
//! or of cutting the capture shows.

mod support;

use proptest::prelude::*;
use proptest::test_runner::Config;
use support::flows::{Folder, Row, csv_of, rows, run};
use support::frame::Datagram;
use support::pcap::{Capture, Timed, ms};
use support::talk::Talk;

/// One packet of a random conversation.
#[derive(Debug, Clone)]
enum Said {
    Tcp { flags: u8, payload: usize },
    Udp { payload: usize },
    Echo { id: u16, payload: usize },
}

impl Said {
    const fn payload(&self) -> usize {
        match self {
            Self::Tcp { payload, .. } | Self::Udp { payload } | Self::Echo { payload, .. } => {
                *payload
            }
        }
    }

    fn datagram(&self, talk: Talk, speaker: Speaker) -> Datagram {
        let client = matches!(speaker, Speaker::Client);
        match *self {
            Self::Tcp { flags, payload } if client => talk.ask(flags).payload(payload).ip(),
            Self::Tcp { flags, payload } => talk.answer(flags).payload(payload).ip(),
            Self::Udp { payload } if client => talk.ask_udp(payload),
            Self::Udp { payload } => talk.answer_udp(payload),
            Self::Echo { id, payload } if client => talk.ping(id, 1, payload),
            Self::Echo { id, payload } => talk.pong(id, 1, payload),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Speaker {
    Client,
    Server,
}

/// A packet of one of a few conversations, some time after (or a little before) the last.
#[derive(Debug, Clone)]
struct Spoken {
    pause_ms: i64,
    port: u16,
    v6: bool,
    speaker: Speaker,
    said: Said,
}

fn said() -> impl Strategy<Value = Said> {
    let payload = 0..1_400_usize;
    prop_oneof![
        4 => (any::<u8>(), payload.clone()).prop_map(|(flags, payload)| Said::Tcp { flags, payload }),
        2 => payload.clone().prop_map(|payload| Said::Udp { payload }),
        1 => (0..3_u16, payload).prop_map(|(id, payload)| Said::Echo { id, payload }),
    ]
}

fn spoken() -> impl Strategy<Value = Spoken> {
    let pause = prop_oneof![8 => 0..900_i64, 2 => 900..8_000_i64, 1 => 100_000..130_000_i64, 1 => -400..0_i64];
    let speaker = prop_oneof![Just(Speaker::Client), Just(Speaker::Server)];
    (pause, 1..5_u16, any::<bool>(), speaker, said()).prop_map(
        |(pause_ms, port, v6, speaker, said)| Spoken { pause_ms, port, v6, speaker, said },
    )
}

fn conversations() -> impl Strategy<Value = Vec<Spoken>> {
    prop::collection::vec(spoken(), 1..150)
}

fn packets(conversations: &[Spoken]) -> Vec<Timed> {
    let mut at = ms(1_000);
    let mut timed = Vec::new();
    for Spoken { pause_ms, port, v6, speaker, said } in conversations {
        at += ms(*pause_ms);
        let talk = if *v6 { Talk::v6(*port, 80) } else { Talk::v4(*port, 80) };
        timed.push((at, said.datagram(talk, *speaker)));
    }
    timed
}

fn config() -> Config {
    Config { cases: 40, max_shrink_iters: 400, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_packet_and_no_byte_is_lost_or_counted_twice(conversations in conversations()) {
        let capture = Capture::ethernet(&packets(&conversations));
        let sent: usize = conversations.iter().map(|spoken| spoken.said.payload()).sum();
        for arguments in [&[][..], &["--max-flows", "3"], &["--active-timeout", "2s"]] {
            let rows = rows(&csv_of(&capture.bytes(), arguments));
            prop_assert_eq!(rows.iter().map(Row::packets).sum::<u64>(), conversations.len() as u64);
            prop_assert_eq!(rows.iter().map(Row::payload).sum::<u64>(), sent as u64);
        }
    }

    #[test]
    fn the_order_in_which_shards_finish_does_not_show(conversations in conversations()) {
        let file = Capture::ethernet(&packets(&conversations)).bytes();
        let csv = |shards, more: &[&str]| csv_of(&file, &[&["--shards", shards], more].concat());
        for more in [&[][..], &["--max-flows", "4"], &["--provisional"]] {
            prop_assert_eq!(csv("1", more), csv("3", more));
        }
    }

    #[test]
    fn any_split_of_a_capture_into_files_gives_the_same_rows(
        conversations in conversations(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let capture = Capture::ethernet(&packets(&conversations));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(capture.records.len())).collect();
        cuts.sort_unstable();
        let folder = Folder::new();
        let mut files = Vec::new();
        let mut rest = capture.clone();
        for (index, cut) in cuts.iter().enumerate().rev() {
            let (head, tail) = rest.split_at(*cut);
            files.push(folder.file(&format!("{:02}.pcap", index + 1), &tail.bytes()));
            rest = head;
        }
        files.push(folder.file("00.pcap", &rest.bytes()));
        files.reverse();
        prop_assert_eq!(run(files).expect(0).stdout, csv_of(&capture.bytes(), &[]));
    }
}
