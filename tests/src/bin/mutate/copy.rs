//! A copy of the project that faults are put into.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use petition_tests::mutations::Mutation;

/// Returns the root of the project that this program was built from.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// The copy; its build output is beside it.
pub(crate) struct Copy {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// The optimization level: low where building dominates, high where running does.
    pub(crate) optimized: &'static str,
    /// How long a program may run, in seconds of CPU time.
    pub(crate) patience: u64,
}

/// A copy with a fault, until this is dropped.
pub(crate) struct Faulty {
    file: PathBuf,
    text: String,
}

impl Copy {
    /// Copies every file that git tracks or would add. An unchanged file keeps its time, so that a
    /// second run rebuilds little. Removes files that are gone or moved: two files of one module do
    /// not build.
    ///
    /// # Errors
    /// A description, if git or the file system failed.
    pub(crate) fn make(optimized: &'static str, patience: u64) -> Result<Copy, String> {
        let from = root();
        let place = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| from.join("target"), PathBuf::from);
        let copy = Copy { root: place.join("mutate/copy"), target: place.join("mutate/target"), optimized, patience };
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(&from)
            .output()
            .map_err(|error| format!("git: {error}"))?;
        let listed = String::from_utf8(listed.stdout).map_err(|error| error.to_string())?;
        let names: BTreeSet<_> = listed.split_terminator('\0').map(Path::new).collect();
        keep_only(&copy.root, &copy.root, &names).map_err(|error| format!("{}: {error}", copy.root.display()))?;
        for name in names {
            refresh(&from.join(name), &copy.root.join(name)).map_err(|error| format!("{}: {error}", name.display()))?;
        }
        Ok(copy)
    }

    /// Puts a fault in.
    ///
    /// # Errors
    /// A description, if it does not apply.
    pub(crate) fn with(&self, mutation: &Mutation) -> Result<Faulty, String> {
        self.changed(mutation.file, |text| mutation.apply(text))
    }

    /// Changes the text of one file.
    ///
    /// # Errors
    /// A description, if the file cannot be read, changed or written.
    pub(crate) fn changed(
        &self,
        name: &str,
        change: impl FnOnce(&str) -> Result<String, String>,
    ) -> Result<Faulty, String> {
        let file = self.root.join(name);
        let text = fs::read_to_string(&file).map_err(|error| format!("{name}: {error}"))?;
        fs::write(&file, change(&text)?).map_err(|error| format!("{name}: {error}"))?;
        Ok(Faulty { file, text })
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        if let Err(error) = fs::write(&self.file, &self.text) {
            eprintln!("mutate: {} keeps its fault: {error}", self.file.display());
        }
    }
}

/// Removes every file in `folder` of the copy at `root` that is not one of `names`.
fn keep_only(root: &Path, folder: &Path, names: &BTreeSet<&Path>) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            keep_only(root, &path, names)?;
        } else if !path.strip_prefix(root).is_ok_and(|name| names.contains(name)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn refresh(from: &Path, to: &Path) -> io::Result<()> {
    let Ok(new) = fs::read(from) else {
        // Deleted, but still tracked by git.
        return if to.exists() { fs::remove_file(to) } else { Ok(()) };
    };
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, new)
}
