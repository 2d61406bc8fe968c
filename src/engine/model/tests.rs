//! Models are chosen, kept, left and refused.

use tempfile::TempDir;

use super::*;

const GRAPH: &[u8] = include_bytes!("../../../models/clstm.onnx");
const MANIFEST: &str = include_str!("../../../models/clstm.json");

/// A folder with two models that differ in their names, and a state folder in it.
struct Disk {
    folder: TempDir,
    models: Models,
}

impl Disk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let models = Models::new(&folder.path().join("state"));
        let disk = Self { folder, models };
        disk.write("first", "first");
        disk.write("second", "second");
        disk
    }

    fn write(&self, file: &str, name: &str) {
        let manifest = MANIFEST.replacen("clstm-3", name, 1);
        fs::write(self.path(file), GRAPH).unwrap();
        fs::write(self.path(file).with_extension("json"), manifest).unwrap();
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file).with_extension("onnx")
    }

    fn choose(&self, file: &str) -> Result<LoadedModel, Error> {
        self.models.choose(&self.path(file), |_| Ok(()))
    }

    /// The name of the model that is loaded.
    fn current(&self) -> String {
        self.models.load(None).unwrap().model.manifest.name
    }
}

#[test]
fn without_a_choice_it_is_the_one_in_the_binary() {
    assert_eq!(Disk::new().models.load(None).unwrap().origin, Origin::BuiltIn);
}

#[test]
fn the_settings_come_before_the_choice() {
    let disk = Disk::new();
    disk.choose("first").unwrap();
    let given = disk.models.load(Some(&disk.path("second"))).unwrap();
    assert_eq!(given.model.manifest.name, "second");
    assert_eq!(given.origin, Origin::Given(disk.path("second")));
}

#[test]
fn a_chosen_model_outlives_its_files() {
    let disk = Disk::new();
    disk.choose("first").unwrap();
    fs::remove_file(disk.path("first")).unwrap();
    assert_eq!(disk.current(), "first");
}

#[test]
fn the_one_before_comes_back_and_is_left_again() {
    let disk = Disk::new();
    assert!(matches!(disk.models.roll_back(), Err(Error::NothingBefore)));
    disk.choose("first").unwrap();
    disk.choose("second").unwrap();
    // Chosen twice it is still one choice.
    disk.choose("second").unwrap();
    assert_eq!(disk.models.roll_back().unwrap().model.manifest.name, "first");
    assert_eq!(disk.current(), "first");
    disk.models.roll_back().unwrap();
    assert_eq!(disk.current(), "second");
}

#[test]
fn before_the_first_choice_was_the_one_in_the_binary() {
    let disk = Disk::new();
    disk.choose("first").unwrap();
    assert_eq!(disk.models.roll_back().unwrap().origin, Origin::BuiltIn);
    assert_eq!(disk.models.load(None).unwrap().origin, Origin::BuiltIn);
}

#[test]
fn a_model_that_is_refused_changes_nothing() {
    let disk = Disk::new();
    disk.choose("first").unwrap();
    fs::write(disk.path("second"), b"another graph").unwrap();
    assert!(matches!(disk.choose("second"), Err(Error::Refused { .. })));
    let failing = |_: &Model| Err(detect::Error::NotFinite("probabilities"));
    assert!(disk.models.choose(&disk.path("first"), failing).is_err());
    assert_eq!(disk.current(), "first");
}

#[test]
fn a_kept_model_that_was_damaged_is_refused_and_can_be_left() {
    let disk = Disk::new();
    let Origin::Chosen(folder) = disk.choose("first").unwrap().origin else { panic!() };
    fs::write(folder.join(ONNX), b"damaged").unwrap();
    assert!(matches!(disk.models.load(None), Err(Error::Refused { .. })));
    disk.models.roll_back().unwrap();
    assert_eq!(disk.models.load(None).unwrap().origin, Origin::BuiltIn);
}

#[test]
fn a_choice_that_names_no_model_is_refused() {
    let disk = Disk::new();
    fs::create_dir_all(&disk.models.folder).unwrap();
    for text in ["", "../../etc\n", "0123456789ABCDEF\n", "built-in\nbuilt-in\nbuilt-in\n"] {
        fs::write(disk.models.folder.join("current"), text).unwrap();
        assert!(matches!(disk.models.load(None), Err(Error::Choice(_))), "{text:?}");
    }
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let disk = Disk::new();
    let error = disk.choose("third").unwrap_err();
    assert_eq!(error.to_string(), format!("read `{}`", disk.path("third").display()));
}
