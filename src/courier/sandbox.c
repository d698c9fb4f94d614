/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "courier/landlock.h"

#define FILES_MAX 64 /* descriptors: five of ours, some sockets, libraries while they are loaded */
#define LOAD_S    1  /* of the processor, to build and load the filter; it takes a few milliseconds */

/* What libcurl, OpenSSL, the resolver with its plug-ins and our own code need. One line per purpose. */
static const char *const allowed[] = {
	/* files and descriptors */
	"close",
	"fcntl",
	"fstat",
	"getdents64",
	"lseek",
	"newfstatat",
	"openat",
	"pread64",
	"pwrite64",
	"read",
	"readlink",
	"write",
	"writev",
	"fdatasync",
	"fsync",
	/* memory */
	"brk",
	"madvise",
	"mlock",
	"mlock2",
	"mmap",
	"mprotect",
	"mremap",
	"munlock",
	"munmap",
	/* network; socket and ioctl have rules of their own. What listens does so from before */
	"accept4",
	"bind",
	"connect",
	"getpeername",
	"getsockname",
	"getsockopt",
	"recvfrom",
	"recvmsg",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"shutdown",
	"socketpair",
	/* waiting and time */
	"clock_gettime",
	"clock_nanosleep",
	"poll",
	"ppoll",
	"restart_syscall",
	/* threads; clone has a rule of its own */
	"exit",
	"exit_group",
	"futex",
	"getpid",
	"gettid",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sched_getaffinity",
	"set_robust_list",
	"sigaltstack",
	"tgkill",
	/* the rest */
	"eventfd2",
	"getrandom",
	"getuid",
	"uname",
};

static const char *const hostile[] = {
	"execve",
	"execveat",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"bpf",
	"userfaultfd",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"keyctl",
	"add_key",
	"request_key",
	"kexec_load",
	"kexec_file_load",
	"mount",
	"umount2",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsmount",
	"pivot_root",
	"chroot",
	"init_module",
	"finit_module",
	"delete_module",
	"perf_event_open",
	"setns",
	"unshare",
	"memfd_secret",
	"pidfd_getfd",
	"reboot",
	"swapon",
	"fork",
	"vfork",
};

static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

const char *const *
sandbox_allowed(size_t *ret_count)
{
	*ret_count = sizeof(allowed) / sizeof(allowed[0]);
	return allowed;
}

const char *const *
sandbox_hostile(size_t *ret_count)
{
	*ret_count = sizeof(hostile) / sizeof(hostile[0]);
	return hostile;
}

/* A name that this machine does not have is no reason to fail; libseccomp gives its own numbers to those. */
static bool
add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number >= 0 && seccomp_rule_add_exact(filter, action, number, 0) != 0)
			return false;
	}
	return true;
}

static bool
is_allowed_family(int family)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (families[i] == family)
			return true;
	}
	return false;
}

/* Raw packets, Bluetooth, AF_ALG, vsock ...: each has had its holes. */
static bool
add_families(scmp_filter_ctx filter)
{
	const int number = SCMP_SYS(socket);

	for (int family = 0; family < AF_MAX; family++) {
		uint32_t action = is_allowed_family(family) ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS;
		int error =
		    seccomp_rule_add_exact(filter, action, number, 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0));

		if (error != 0)
			return false;
	}
	return true;
}

/* What the resolver asks of its sockets. All others, those for terminals and devices, are for nobody here. */
static bool
add_ioctls(scmp_filter_ctx filter)
{
	const int number = SCMP_SYS(ioctl);

	return seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0)) == 0 &&
	    seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, number, 1, SCMP_A1(SCMP_CMP_EQ, FIONBIO, 0)) == 0;
}

/*
 * Threads, for the resolver, and no processes. clone3 hides its flags in memory where no filter can see them; told
 * that it does not exist, the C library uses clone.
 */
static bool
add_threads(scmp_filter_ctx filter)
{
	int clone3 = seccomp_syscall_resolve_name("clone3");

	if (clone3 >= 0 && seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(ENOSYS), clone3, 0) != 0)
		return false;
	return seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0;
}

/*
 * Short of memory, libseccomp has been seen to run in a circle here, with the exchange lock held. Death lets go of it,
 * and nothing has been sent. The time is the processor's, so that a busy machine is no reason to die.
 */
static bool
load_filter(scmp_filter_ctx filter)
{
	const struct itimerval limit = { .it_value = { .tv_sec = LOAD_S } };
	bool ok;

	(void)signal(SIGVTALRM, SIG_DFL);
	(void)setitimer(ITIMER_VIRTUAL, &limit, NULL);
	ok = seccomp_load(filter) == 0;
	(void)signal(SIGVTALRM, SIG_IGN); /* the filter allows no call that stops the timer */
	return ok;
}

static bool
enter_seccomp(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool ok = false;

	if (filter == NULL)
		return false;
	if (!add_names(filter, SCMP_ACT_ALLOW, allowed, sizeof(allowed) / sizeof(allowed[0])) ||
	    !add_names(filter, SCMP_ACT_KILL_PROCESS, hostile, sizeof(hostile) / sizeof(hostile[0])))
		goto out;
	if (!add_families(filter) || !add_ioctls(filter) || !add_threads(filter))
		goto out;
	/* A binary search instead of a walk: a filter runs at every system call. An old libseccomp does without. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	ok = load_filter(filter);
out:
	seccomp_release(filter);
	return ok;
}

static bool
enter_limits(void)
{
	const struct rlimit no_core = { 0, 0 };
	struct rlimit files = { FILES_MAX, FILES_MAX };
	struct rlimit now;

	/* One that is lower already cannot be raised, and need not. */
	if (getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_max < FILES_MAX)
		files = now;
	return setrlimit(RLIMIT_CORE, &no_core) == 0 && setrlimit(RLIMIT_NOFILE, &files) == 0;
}

bool
sandbox_enter(const struct authority *authority)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !enter_limits())
		return false;
	landlock_enter(authority);
	return enter_seccomp();
}
