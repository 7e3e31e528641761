//! Without `hf:` no command opens a socket: the kernel kills the process that does.

use crate::support::{Folder, table};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Output};

/// Where a filter finds the number of the system call.
const NUMBER: u32 = std::mem::offset_of!(libc::seccomp_data, nr) as u32;

/// Runs the command so that a call of `socket` ends it with SIGSYS.
fn without_sockets(mut command: Command) -> Output {
    let instruction = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut filter = [
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, NUMBER),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_socket as u32),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let install = move || {
        let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
        // SAFETY: system calls alone, which may be made between fork and exec; `program` outlives the call.
        let done = unsafe {
            libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
                && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program) == 0
        };
        if done { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    // SAFETY: `install` allocates nothing and takes no lock.
    unsafe { command.pre_exec(install) };
    command.output().unwrap()
}

#[test]
fn no_command_opens_a_socket() {
    let folder = Folder::new();
    folder.write("d.csv", table(100, ','));
    folder.bare_checkpoint();
    folder.write("pairs.jsonl", "{\"id\": 1, \"x\": \"d.csv\", \"y\": \"d.csv\"}\n");
    for args in [
        "estimate d.csv --x a,b --y c",
        "estimate d.csv --x a,b --y c --checkpoint bare.safetensors --test permutation --permutations 19",
        "estimate --batch pairs.jsonl",
        "rank d.csv --target c",
        "matrix d.csv --out m",
        "conditional d.csv --x a --y c --given b",
        "curve d.csv --x a --y c",
        "plot d.csv --x a --y c --out p.png",
        "info",
        "info bare.safetensors",
        "card bare.safetensors",
        "evaluate --suite sense --limit 1 --estimators mist,cca",
        "generate --config m_train --count 4 --out g",
        "dataset verify g",
        "completions bash",
        "help",
    ] {
        let mut command = folder.command(args);
        // Nothing in the environment sends it there either.
        command.env("HF_TOKEN", "hf_x").env("HF_ENDPOINT", "http://127.0.0.1:1").env("ALL_PROXY", "http://127.0.0.1:1");
        let run = without_sockets(command);
        assert_eq!((run.status.code(), run.status.signal()), (Some(0), None), "{args}: {run:?}");
    }
}

/// The filter works: what does ask the hub is killed, unless `HF_HUB_OFFLINE` forbids it.
#[cfg(feature = "hub")]
#[test]
fn what_asks_the_hub_opens_one() {
    let folder = Folder::new();
    let mut command = folder.command("info hf:owner/name");
    command.env("HF_HOME", folder.path()).env("HF_ENDPOINT", "http://127.0.0.1:1").env_remove("HF_HUB_OFFLINE");
    assert_eq!(without_sockets(command).status.signal(), Some(libc::SIGSYS));
    let mut command = folder.command("info hf:owner/name");
    command.env("HF_HOME", folder.path()).env("HF_HUB_OFFLINE", "1");
    assert_eq!(without_sockets(command).status.code(), Some(2));
}
