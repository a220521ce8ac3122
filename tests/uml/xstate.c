/* Lets User Mode Linux 6.1 run on processors with wide registers (Intel AMX).
 *
 * UML restores a process's registers with ptrace(PTRACE_SETREGSET, NT_X86_XSTATE) from a buffer of fixed size. A host
 * whose register state is larger refuses that (EFAULT), and UML's init dies with "fatal_sigsegv" before its first
 * instruction. Preloaded into linux.uml this completes the short buffer with what the process has in the registers UML
 * knows nothing of. On other hosts the sizes agree and nothing is changed.
 *
 * The numbers are the kernel's; <sys/ptrace.h> is left out because it declares ptrace as variadic.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PEEKTEXT = 1, PEEKUSER = 3, GETREGSET = 0x4204, SETREGSET = 0x4205 };

static char whole[1 << 16];

static long kernel(long request, pid_t pid, void *address, void *data)
{
    return syscall(SYS_ptrace, request, (long)pid, address, data);
}

long ptrace(long request, pid_t pid, void *address, void *data)
{
    if (request >= PEEKTEXT && request <= PEEKUSER) { /* the C library returns the word, the kernel stores it */
        long word;
        return kernel(request, pid, address, &word) < 0 ? -1 : word;
    }
    if (request == SETREGSET && (long)address == NT_X86_XSTATE) {
        const struct iovec *given = data;
        struct iovec now = {whole, sizeof whole};
        if (kernel(GETREGSET, pid, address, &now) == 0 && given->iov_len < now.iov_len) {
            memcpy(whole, given->iov_base, given->iov_len);
            return kernel(SETREGSET, pid, address, &now);
        }
    }
    return kernel(request, pid, address, data);
}
