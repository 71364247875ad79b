/* Hostile: it asks for what it may not have, by name and by system call, and says what it got.
 *
 * Verdict: FAIL
 * Fails: echoes
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Say what came of it; everything here is to end in -1. */
static void attempt(const char *name, long result)
{
    printf("%s %s\n", name, result == -1 ? "refused" : "GOT THROUGH");
    fflush(stdout);
}

static long reads(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    return fd == -1 ? -1 : read(fd, &byte, 1) <= 0 ? -1 : 0;
}

static long writes(const char *path)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    return fd == -1 ? -1 : write(fd, "1", 1);
}

static long calls(const char *host, int port)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &there.sin_addr);
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&there, sizeof there);
}

static long asks(const char *path)
{
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    strcpy(there.sun_path, path);
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&there, sizeof there);
}

/* Abstract names are those of a network namespace: any that is not ours is somebody else's. */
static long finds_abstract_names(void)
{
    char line[512];
    FILE *table = fopen("/proc/net/unix", "r");
    while (table && fgets(line, sizeof line, table))
        if (strchr(line, '@'))
            return 0;
    return -1;
}

/* What belongs to nobody but us and the image: another name in these folders is another's. */
static long finds_others(const char *path, const char *ours)
{
    struct dirent *entry;
    DIR *folder = opendir(path);
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, ours, strlen(ours)) &&
            strcmp(entry->d_name, "program"))
            return 0;
    return -1;
}

static void reaches_for_the_agent(void)
{
    char bytes[16], path[32];
    struct iovec here = {bytes, sizeof bytes}, there = {(void *)0x400000, sizeof bytes};
    int agent = syscall(SYS_pidfd_open, 1, 0);

    attempt("ptrace attach", ptrace(PTRACE_ATTACH, 1, NULL, NULL));
    attempt("ptrace seize", ptrace(PTRACE_SEIZE, 1, NULL, NULL));
    attempt("kill", kill(1, SIGKILL));
    attempt("pidfd signal", syscall(SYS_pidfd_send_signal, agent, SIGKILL, NULL, 0));
    for (int fd = 0; fd < 16; fd++) {
        snprintf(path, sizeof path, "/proc/1/fd/%d", fd);
        attempt(path, open(path, O_RDWR | O_NONBLOCK));
        attempt("pidfd getfd", syscall(SYS_pidfd_getfd, agent, fd, 0));
    }
    attempt("list fd", (long)(opendir("/proc/1/fd") ? 0 : -1));
    attempt("read memory", process_vm_readv(1, &here, 1, &there, 1, 0));
    attempt("write memory", process_vm_writev(1, &here, 1, &there, 1, 0));
    attempt("mem", reads("/proc/1/mem"));
    attempt("maps", reads("/proc/1/maps"));
    attempt("environ", reads("/proc/1/environ"));
    attempt("kcmp", syscall(SYS_kcmp, getpid(), 1, 0, 0, 0));
    attempt("root", open("/proc/1/root/etc/hostname", O_RDONLY));
    attempt("limits", prlimit(1, RLIMIT_NOFILE, &(struct rlimit){0, 0}, NULL));
    attempt("priority", setpriority(PRIO_PROCESS, 1, 19));
    attempt("affinity", sched_setaffinity(1, sizeof(cpu_set_t), &(cpu_set_t){{1}}));
    attempt("oom score", writes("/proc/1/oom_score_adj"));
    attempt("namespace", open("/proc/1/ns/net", O_RDONLY));
}

static void reaches_out(void)
{
    attempt("internet", calls("1.1.1.1", 53));
    attempt("bridge", calls("172.17.0.1", 2375));
    attempt("neighbour", calls("172.17.0.2", 80));
    attempt("raw socket", socket(AF_INET, SOCK_RAW, 1));
    attempt("packet socket", socket(AF_PACKET, SOCK_RAW, 0));
    attempt("docker socket", asks("/var/run/docker.sock"));
    attempt("podman socket", asks("/run/podman/podman.sock"));
    attempt("abstract names", finds_abstract_names());
    attempt("others in /lab", finds_others("/lab", "work-"));
    attempt("others in /tmp", finds_others("/tmp", "?"));
    attempt("others in /home", finds_others("/home", "?"));
    attempt("shadow", reads("/etc/shadow"));
    attempt("kernel messages", reads("/dev/kmsg"));
    attempt("memory of the machine", reads("/dev/mem"));
    attempt("syslog", syscall(SYS_syslog, 3, (char[64]){0}, 64));
    attempt("disk", mknod("disk", S_IFBLK | 0600, 0x800));
}

static void reaches_up(void)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    struct sched_param first = {1};

    attempt("setuid", setuid(0));
    attempt("setgid", setgid(0));
    attempt("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
    attempt("unshare user", unshare(CLONE_NEWUSER));
    attempt("unshare net", unshare(CLONE_NEWNET));
    attempt("chroot", chroot("."));
    attempt("pivot_root", syscall(SYS_pivot_root, ".", "."));
    attempt("userfaultfd", syscall(SYS_userfaultfd, 1));
    attempt("bpf", syscall(SYS_bpf, 0, NULL, 0));
    attempt("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
    attempt("keyring", syscall(SYS_add_key, "user", "note", "x", 1, -4));
    attempt("open by handle", syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0));
    attempt("module", syscall(SYS_init_module, NULL, 0, ""));
    attempt("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0x89abcdef, NULL));
    attempt("host name", sethostname("mine", 4));
    attempt("clock", syscall(SYS_clock_settime, 0, &(struct timespec){0, 0}));
    attempt("real time", sched_setscheduler(0, SCHED_FIFO, &first));
    attempt("nice", setpriority(PRIO_PROCESS, 0, -1));
    attempt("lock memory", mlockall(MCL_CURRENT | MCL_FUTURE) ? -1 : mmap(NULL, 1 << 28, 3, 0x22, -1, 0) == MAP_FAILED ? -1 : 0);
    attempt("processes", setrlimit(RLIMIT_NPROC, &all));
    attempt("core", setrlimit(RLIMIT_CORE, &all));
    attempt("set-user-id", chmod("/proc/self/exe", 04755));
    attempt("core pattern", writes("/proc/sys/kernel/core_pattern"));
    attempt("forwarding", writes("/proc/sys/net/ipv4/ip_forward"));
    attempt("sysrq", writes("/proc/sysrq-trigger"));
    attempt("image", writes("/usr/bin/ps"));
    attempt("cgroup", writes("/sys/fs/cgroup/pids/pids.max"));
    attempt("sibling", mkdir("../mine", 0755));
    attempt("terminal", open("/dev/ptmx", O_RDWR | O_NOCTTY));
    attempt("program", open("../program/mine", O_CREAT | O_WRONLY, 0644));
}

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    reaches_for_the_agent();
    reaches_out();
    reaches_up();
    bind(listener, (struct sockaddr *)&here, sizeof here);
    listen(listener, 5);
    puts("that is all");
    for (;;)
        pause();
}
