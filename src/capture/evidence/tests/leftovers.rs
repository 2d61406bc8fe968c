//! What others have left in the folder: earlier runs, kills, strangers.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;

use super::*;

const MIB: u64 = 1 << 20;

/// A ring that was killed when it had taken ten packets of port 1.
fn killed(home: &Home) {
    std::mem::forget(filled(home));
}

/// A ring that has taken ten packets of port 1, one a batch.
fn filled(home: &Home) -> Ring {
    let mut ring = home.ring(MIB);
    for at in 0..10 {
        ring.write(&batch(&[(1, at, 1_000)])).unwrap();
    }
    ring
}

#[test]
fn what_an_earlier_run_has_left_is_still_found_and_counted() {
    let home = Home::new();
    let Status { frames, oldest_us, .. } = filled(&home).status();
    killed(&home);
    let mut ring = home.ring(MIB);
    ring.prepare().unwrap();
    let bytes = home.bytes();
    assert_eq!(ring.status(), Status { bytes, frames: 2 * frames, oldest_us, ..Status::default() });
    ring.write(&batch(&[(2, 10, 10)])).unwrap();
    assert_eq!(home.found(&[span(1, 0, 9), span(2, 10, 10)]).0.packets, 11);
}

#[test]
fn a_ring_that_was_made_smaller_shrinks_before_the_first_packet() {
    let home = Home::new();
    let mut ring = home.ring(4 * MIB);
    for at in 0..80 {
        ring.write(&batch(&[(1, at, 50_000)])).unwrap();
    }
    assert!(home.bytes() > 3 * MIB);
    home.ring(MIB).prepare().unwrap();
    assert!(home.bytes() <= MIB);
    assert_eq!(home.found(&[span(1, 79, 79)]).1, [(1, 79)]);
}

#[test]
fn a_frame_that_a_kill_has_cut_is_no_frame_and_costs_no_other() {
    let home = Home::new();
    killed(&home);
    let [segment] = <[_; 1]>::try_from(files(&home.folder())).unwrap();
    let whole = fs::read(&segment).unwrap();
    for cut in [1, 4, 500, 1_055] {
        fs::write(&segment, &whole[..whole.len() - cut]).unwrap();
        assert_eq!(home.found(&[span(1, 0, 9)]).0.packets, 9, "{cut}");
    }
    let mut ring = home.ring(MIB);
    ring.prepare().unwrap();
    assert_eq!(ring.status().bytes, home.bytes());
    ring.write(&batch(&[(1, 10, 10)])).unwrap();
    assert_eq!(home.found(&[span(1, 0, 8), span(1, 10, 10)]).0.packets, 10);
}

#[test]
fn a_segment_cut_anywhere_is_taken_over_and_goes_in_its_turn() {
    let home = Home::new();
    killed(&home);
    let [segment] = <[_; 1]>::try_from(files(&home.folder())).unwrap();
    let whole = fs::read(&segment).unwrap();
    for len in 0..600 {
        fs::write(&segment, &whole[..len]).unwrap();
        let mut ring = home.ring(MIB);
        ring.prepare().unwrap();
        assert_eq!(ring.status().bytes, len as u64);
    }
    home.ring(100).prepare().unwrap();
    assert!(files(&home.folder()).is_empty());
}

#[test]
fn files_of_others_are_neither_counted_nor_removed() {
    let home = Home::new();
    fs::create_dir(home.folder()).unwrap();
    let strangers = ["letter.txt", "1-2.pcapng", "000001-000000000007.pcapng", "000009-.pcapng"];
    for name in strangers {
        fs::write(home.folder().join(name), "This is a letter. ".repeat(50_000)).unwrap();
    }
    let elsewhere = home.0.path().join("elsewhere");
    let other = Home::new();
    killed(&other);
    fs::copy(&files(&other.folder())[0], &elsewhere).unwrap();
    symlink(&elsewhere, home.folder().join("000001-000000000008.pcapng")).unwrap();
    fs::create_dir(home.folder().join("000001-000000000009.pcapng")).unwrap();
    let before = files(&home.folder());
    let mut ring = home.ring(200_000);
    for at in 0..50 {
        ring.write(&batch(&[(1, at, 40_000)])).unwrap();
        assert!(ring.status().bytes <= 200_000);
    }
    let after = files(&home.folder());
    assert!(before.iter().all(|path| after.contains(path)));
    assert!(elsewhere.exists());
    assert!(home.found(&[span(1, 0, 49)]).0.packets >= 3);
}

#[test]
fn a_folder_that_cannot_be_made_is_said_and_made_as_soon_as_it_can_be() {
    let home = Home::new();
    fs::write(home.folder(), "in the way").unwrap();
    let mut ring = home.ring(MIB);
    let error = ring.write(&batch(&[(1, 0, 10)])).unwrap_err().to_string();
    assert!(error.contains("folder") && error.contains("evidence"), "{error}");
    fs::remove_file(home.folder()).unwrap();
    ring.write(&batch(&[(1, 1, 10)])).unwrap();
    assert_eq!(home.found(&[span(1, 0, 1)]).1, [(1, 1)]);
}

#[test]
fn a_folder_that_is_removed_is_made_again() {
    let home = Home::new();
    let mut ring = filled(&home);
    fs::remove_dir_all(home.folder()).unwrap();
    for at in 10..40 {
        ring.write(&batch(&[(1, at, 40_000)])).unwrap();
    }
    assert!(home.bytes() <= MIB);
    assert!(home.found(&[span(1, 0, 39)]).0.packets > 20);
}

#[test]
fn a_ring_that_was_never_made_holds_nothing() {
    let home = Home::new();
    let (found, packets) = home.found(&[span(1, 0, 9)]);
    assert_eq!(found, Found { flows_gone: 1, ..Found::default() });
    assert!(packets.is_empty());
}

/// Fills the ring when the first bytes come out.
struct Meddler<'a>(&'a mut Ring, Vec<u8>);

impl Write for Meddler<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for at in 100..150 {
            self.0.write(&batch(&[(2, at, 50_000)])).unwrap();
        }
        self.1.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_segment_removed_while_it_is_read_is_read_to_its_end() {
    let home = Home::new();
    let mut ring = filled(&home);
    // So much that it does not come out at once.
    for at in 10..20 {
        ring.write(&batch(&[(1, at, 50_000)])).unwrap();
    }
    let mut meddler = Meddler(&mut ring, Vec::new());
    let found = extract(&home.folder(), &[span(1, 0, 19)], "", &mut meddler).unwrap();
    assert_eq!(found.packets, 20);
    let mut reader = FileReader::from_reader("", std::io::Cursor::new(meddler.1)).unwrap();
    let mut packets = 0;
    while reader.next_frame().unwrap().is_some() {
        packets += 1;
    }
    assert_eq!(packets, 20);
    assert_eq!(home.found(&[span(1, 0, 19)]).0.packets, 0);
}
