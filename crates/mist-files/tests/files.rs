//! Files are whole, links are not followed, and nothing is left behind.

use mist_files::{clean, read, read_text, replace, replace_with};
use std::fs;
use std::path::Path;

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_failure_leaves_the_old_file_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    replace(&path, b"old").unwrap();
    // A folder cannot be replaced by a file.
    fs::create_dir(dir.path().join("folder")).unwrap();
    assert!(replace(&dir.path().join("folder"), b"new").is_err());
    assert!(replace(&dir.path().join("none/a"), b"new").is_err());
    assert_eq!(names(dir.path()), ["a", "folder"]);
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
#[cfg(unix)]
fn a_link_is_replaced_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (victim, link) = (dir.path().join("victim"), dir.path().join("link"));
    fs::write(&victim, "precious").unwrap();
    std::os::unix::fs::symlink(&victim, &link).unwrap();
    replace(&link, b"new").unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert_eq!(fs::read(&link).unwrap(), b"new");
    assert!(!fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn what_a_kill_left_is_cleaned_and_what_is_in_use_stays() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at(".mist-0123456789abcdef.tmp"), "left behind").unwrap();
    fs::write(at(".mist-notes.tmp"), "not ours").unwrap();
    fs::write(at(".mist-0123456789abcdee.tmp"), "in use").unwrap();
    let in_use = fs::File::options().write(true).open(at(".mist-0123456789abcdee.tmp")).unwrap();
    in_use.lock().unwrap();
    clean(dir.path()).unwrap();
    assert_eq!(names(dir.path()), [".mist-0123456789abcdee.tmp", ".mist-notes.tmp"]);
    drop(in_use);
    clean(dir.path()).unwrap();
    assert_eq!(names(dir.path()), [".mist-notes.tmp"]);
}

#[test]
fn writers_and_cleaners_at_once_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = dir.path().join(format!("file{}", writer / 2));
            scope.spawn(move || (0..50).for_each(|i| replace(&path, &vec![i; 1000]).unwrap()));
        }
        for _ in 0..2 {
            scope.spawn(|| (0..200).for_each(|_| clean(dir.path()).unwrap()));
        }
    });
    assert_eq!(names(dir.path()), ["file0", "file1"]);
    assert!(fs::read(dir.path().join("file1")).unwrap() == vec![49; 1000]);
}

#[test]
#[cfg(target_os = "linux")]
fn what_has_no_end_is_not_read() {
    let zeros = Path::new("/dev/zero");
    assert!(read(zeros).unwrap_err().to_string().contains("no regular file"));
    assert!(read_text(zeros).unwrap_err().to_string().contains("more than 16777216 bytes"));
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(read(&pipe).unwrap_err().to_string().contains("no regular file"));
    // A text may come from a pipe.
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, "a = 1").unwrap()
    });
    assert_eq!(read_text(&pipe).unwrap(), "a = 1");
    writer.join().unwrap();
}

#[test]
fn what_fails_half_way_leaves_the_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    replace(&path, b"old").unwrap();
    let failed = replace_with(&path, |file| {
        file.write_all(b"new")?;
        Err(std::io::Error::other("no more"))
    });
    assert_eq!(failed.unwrap_err().to_string(), "no more");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(dir.path()), ["a"]);
    replace_with(&path, |file| (0..3).try_for_each(|_| file.write_all(b"new"))).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"newnewnew");
}
