#!/usr/bin/env python3
"""Stand-ins for the CUDA libraries at link time: `shims.py CUDARC_SOURCE OUT`.

A binary linked against the real libraries does not start where they are missing. Each stand-in OUT/lib*.a defines the
functions that the cudarc crate declares; the first call of one opens the real library and remembers the address, like a
procedure linkage table that is allowed to fail. Without the library, or without the function in it, the call returns the
library's own error code. Folders in CUDA_LIB_PATH are searched, too. x86-64 Linux only."""

import re
import subprocess
import sys
from pathlib import Path

# Archive → (module of cudarc, real libraries in the order tried, code for "not there").
LIBRARIES = {
    "cuda": ("driver", ["libcuda.so.1"], 100),  # CUDA_ERROR_NO_DEVICE
    "cublas": ("cublas", ["libcublas.so.13", "libcublas.so.12"], 1),  # CUBLAS_STATUS_NOT_INITIALIZED
    "cublasLt": ("cublaslt", ["libcublasLt.so.13", "libcublasLt.so.12"], 1),
    "curand": ("curand", ["libcurand.so.10"], 203),  # CURAND_STATUS_INITIALIZATION_FAILED
    "nvrtc": ("nvrtc", ["libnvrtc.so.13", "libnvrtc.so.12"], 1),  # NVRTC_ERROR_OUT_OF_MEMORY
}

# Finding an address is C; it is called from the assembly below with the number of the function.
RESOLVER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const libraries[] = {%(libraries)s};
static const char *const functions[] = {%(functions)s};
extern void *mist_%(name)s_slots[];
static void *library;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static long absent(void) { return %(absent)d; }

static void *open_in(const char *folder, size_t length) {
    char path[4096];
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        int n = length ? snprintf(path, sizeof path, "%%.*s/%%s", (int)length, folder, libraries[i])
                       : snprintf(path, sizeof path, "%%s", libraries[i]);
        void *found = n < (int)sizeof path ? dlopen(path, RTLD_NOW | RTLD_GLOBAL) : 0;
        if (found) return found;
    }
    return 0;
}

static void open_library(void) {
    library = open_in("", 0);
    const char *rest = getenv("CUDA_LIB_PATH");
    while (!library && rest && *rest) {
        size_t length = strcspn(rest, ":");
        if (length) library = open_in(rest, length);
        rest += length + (rest[length] == ':');
    }
}

__attribute__((visibility("hidden"))) void *mist_%(name)s_resolve(unsigned long i) {
    pthread_once(&once, open_library);
    void *address = library ? dlsym(library, functions[i]) : 0;
    if (!address) address = (void *)absent;
    __atomic_store_n(&mist_%(name)s_slots[i], address, __ATOMIC_RELEASE);
    return address;
}
"""

# The registers that may hold arguments (System V ABI) survive the call of the resolver.
SAVED = ["rdi", "rsi", "rdx", "rcx", "r8", "r9", "rax"]


def assembly(name, functions):
    frame = 8 * len(SAVED) + 8 + 16 * 8
    save = [f"movq %{r}, {8 * i}(%rsp)" for i, r in enumerate(SAVED)]
    load = [f"movq {8 * i}(%rsp), %{r}" for i, r in enumerate(SAVED)]
    base = 8 * len(SAVED) + 8
    save += [f"movups %xmm{i}, {base + 16 * i}(%rsp)" for i in range(8)]
    load += [f"movups {base + 16 * i}(%rsp), %xmm{i}" for i in range(8)]
    lines = [".text", f"mist_{name}_first:", "pushq %rbp", "movq %rsp, %rbp", "andq $-16, %rsp", f"subq ${frame}, %rsp",
             *save, "movq 8(%rbp), %rdi", f"call mist_{name}_resolve", "movq %rax, %r11", *load, "leave",
             "addq $8, %rsp", "jmp *%r11"]
    for i, f in enumerate(functions):
        lines += [f".globl {f}", f".type {f}, @function", f"{f}:", f"jmp *mist_{name}_slots+{8 * i}(%rip)",
                  f".size {f}, . - {f}", f"mist_{name}_{i}:", f"pushq ${i}", f"jmp mist_{name}_first"]
    lines += [".data", ".balign 8", f".globl mist_{name}_slots", f".hidden mist_{name}_slots", f"mist_{name}_slots:"]
    lines += [f".quad mist_{name}_{i}" for i in range(len(functions))]
    return "\n".join([*lines, '.section .note.GNU-stack,"",@progbits', ""])


def build(name, cudarc, out):
    module, libraries, absent = LIBRARIES[name]
    bindings = (cudarc / "src" / module / "sys" / "mod.rs").read_text()
    functions = sorted(set(re.findall(r'extern "C" \{\s*(?:#\[[^\]]*\]\s*)*(?:pub )?fn (\w+)\(', bindings)))
    if not functions:
        raise SystemExit(f"error: no functions found in {cudarc}/src/{module}: another cudarc than 0.19?")
    quoted = lambda names: ", ".join(f'"{n}"' for n in names)
    values = {"name": name, "absent": absent, "libraries": quoted(libraries), "functions": quoted(functions)}
    sources = {f"{name}.c": RESOLVER % values, f"{name}_table.s": assembly(name, functions)}
    objects = []
    for file, text in sources.items():
        (out / file).write_text(text)
        objects.append(out / (file + ".o"))
        subprocess.run(["cc", "-O2", "-fPIC", "-c", out / file, "-o", objects[-1]], check=True)
    archive = out / f"lib{name}.a"
    archive.unlink(missing_ok=True)
    subprocess.run(["ar", "rcs", archive, *objects], check=True)
    for file in [*objects, *(out / f for f in sources)]:
        file.unlink()
    print(f"lib{name}.a: {len(functions)} functions")


def main():
    cudarc, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for name in LIBRARIES:
        build(name, cudarc, out)


if __name__ == "__main__":
    main()
