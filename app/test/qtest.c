/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The SDXI for DPDK authors
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "qtest.h"

/* Timeout of all waits, far above what a slow machine needs. */
#define TIMEOUT_MS 120000

#define ECAM_AT UINT64_C(0xb0000000)
#define MMIO32_AT UINT64_C(0xc0000000)
#define MMIO64_AT (UINT64_C(1) << 40)

/* Line buffer of a stream. */
struct chan {
	int fd;
	char *buf;
	size_t len;   /* bytes in buf */
	size_t alloc;
	size_t taken; /* length of the line returned last */
};

static struct {
	pid_t pid;
	struct chan qtest;
	struct chan qmp;
	int err_fd;
	int ram_fd;
	uint8_t *ram;
	uint64_t mmio32;
	uint64_t mmio64;
	char event[16][32];
	unsigned int n_events;
	bool broken; /* QEMU is not usable any more */
} vm;

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Output of QEMU on stdout and stderr. */
static char said_text[8192];

static const char *
said(void)
{
	ssize_t n = pread(vm.err_fd, said_text, sizeof(said_text) - 1, 0);

	said_text[n < 0 ? 0 : n] = '\0';
	return said_text;
}

__attribute__((format(printf, 1, 2), noreturn)) static void
broken(const char *fmt, ...)
{
	va_list ap;
	char msg[1024];

	vm.broken = true;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	fail_msg("%s; QEMU said: %s", msg, said());
	abort();
}

/* ---- process ---- */

bool
qt_available(void)
{
	return getenv("SDXI_QEMU") != NULL;
}

static void
fd_keep(int fd)
{
	fcntl(fd, F_SETFD, fcntl(fd, F_GETFD) & ~FD_CLOEXEC);
}

__attribute__((noreturn)) static void
child(pid_t parent, const int *fds, const char *const *argv)
{
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (i = 0; i < 3; i++)
		fd_keep(fds[i]);
	dup2(vm.err_fd, STDOUT_FILENO);
	dup2(vm.err_fd, STDERR_FILENO);
	/* execv() takes non-const strings for historical reasons only. */
	execv(argv[0], (char *const *)(uintptr_t)argv);
	dprintf(STDERR_FILENO, "%s: %s", argv[0], strerror(errno));
	_exit(127);
}

static void
spawn(const char *const *args)
{
	static char bios[4096], fd_arg[3][64], mem_arg[128];
	const pid_t parent = getpid();
	int qtest[2], qmp[2], fds[3];
	const char *argv[96];
	char *dir, *save;
	unsigned int n = 0;

	assert_int_equal(vm.pid, 0);
	memset(&vm, 0, sizeof(vm));
	vm.err_fd = memfd_create("stderr", MFD_CLOEXEC);
	vm.ram_fd = memfd_create("ram", MFD_CLOEXEC);
	assert_true(vm.err_fd >= 0 && vm.ram_fd >= 0);
	assert_int_equal(ftruncate(vm.ram_fd, QT_RAM_LEN), 0);
	vm.ram = mmap(NULL, QT_RAM_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, vm.ram_fd, 0);
	assert_ptr_not_equal(vm.ram, MAP_FAILED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qtest), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp), 0);
	vm.qtest.fd = qtest[0];
	vm.qmp.fd = qmp[0];
	vm.mmio32 = MMIO32_AT;
	vm.mmio64 = MMIO64_AT;
	fds[0] = qtest[1];
	fds[1] = qmp[1];
	fds[2] = vm.ram_fd;

	argv[n++] = getenv("SDXI_QEMU");
	snprintf(bios, sizeof(bios), "%s",
		 getenv("SDXI_QEMU_BIOS") == NULL ? "" : getenv("SDXI_QEMU_BIOS"));
	for (dir = strtok_r(bios, ":", &save); dir != NULL && n < 16;
	     dir = strtok_r(NULL, ":", &save)) {
		argv[n++] = "-L";
		argv[n++] = dir;
	}
	snprintf(fd_arg[0], sizeof(fd_arg[0]), "socket,id=qtest,fd=%d", fds[0]);
	snprintf(fd_arg[1], sizeof(fd_arg[1]), "socket,id=qmp,fd=%d", fds[1]);
	snprintf(mem_arg, sizeof(mem_arg),
		 "memory-backend-file,id=ram,share=on,size=%" PRIu64 ",mem-path=/proc/self/fd/%d",
		 QT_RAM_LEN, fds[2]);
	snprintf(fd_arg[2], sizeof(fd_arg[2]), "%" PRIu64 "M", QT_RAM_LEN >> 20);

	const char *const common[] = {
		"-accel", "qtest", "-machine", "q35,memory-backend=ram", "-m", fd_arg[2],
		"-object", mem_arg, "-nodefaults", "-display", "none", "-vga", "none",
		"-chardev", fd_arg[0], "-object", "qtest,id=qtest0,chardev=qtest,log=none",
		"-chardev", fd_arg[1], "-mon", "chardev=qmp,mode=control",
	};

	for (unsigned int i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		argv[n++] = common[i];
	for (; *args != NULL && n < 95; args++)
		argv[n++] = *args;
	argv[n] = NULL;

	vm.pid = fork();
	assert_true(vm.pid >= 0);
	if (vm.pid == 0)
		child(parent, fds, argv);
	close(qtest[1]);
	close(qmp[1]);
}

/* Wait for the process to exit; returns the result of waitpid(), or -1 on timeout. */
static int
reap(void)
{
	const uint64_t until = now_ms() + TIMEOUT_MS;
	int status;

	while (waitpid(vm.pid, &status, WNOHANG) == 0) {
		if (now_ms() > until)
			return -1;
		poll(NULL, 0, 2);
	}
	vm.pid = 0;
	return status;
}

/* Kill QEMU if it still runs, and free everything. */
static void
release(void)
{
	if (vm.pid > 0) {
		kill(vm.pid, SIGKILL);
		waitpid(vm.pid, NULL, 0);
	}
	close(vm.qtest.fd);
	close(vm.qmp.fd);
	close(vm.err_fd);
	close(vm.ram_fd);
	munmap(vm.ram, QT_RAM_LEN);
	free(vm.qtest.buf);
	free(vm.qmp.buf);
	memset(&vm, 0, sizeof(vm));
}

/* ---- lines ---- */

static void
chan_send(struct chan *chan, const char *line)
{
	const size_t len = strlen(line);
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = send(chan->fd, line + done, len - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			broken("QEMU has exited (sending %.80s)", line);
		done += n;
	}
}

static void
chan_fill(struct chan *chan, const char *what)
{
	struct pollfd pfd = { .fd = chan->fd, .events = POLLIN };
	ssize_t n;

	if (chan->len + 4096 > chan->alloc) {
		chan->alloc = chan->alloc * 2 + 16384;
		chan->buf = realloc(chan->buf, chan->alloc);
		assert_non_null(chan->buf);
	}
	n = poll(&pfd, 1, TIMEOUT_MS);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		broken("no reply from QEMU (%.80s)", what);
	n = recv(chan->fd, chan->buf + chan->len, chan->alloc - chan->len - 1, 0);
	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0)
		broken("QEMU has exited (%.80s)", what);
	chan->len += n;
}

/* The next line, valid until the next call. */
static char *
chan_line(struct chan *chan, const char *what)
{
	size_t seen = 0;
	char *end;

	chan->len -= chan->taken;
	if (chan->len != 0)
		memmove(chan->buf, chan->buf + chan->taken, chan->len);
	chan->taken = 0;
	while (chan->len == seen ||
	       (end = memchr(chan->buf + seen, '\n', chan->len - seen)) == NULL) {
		seen = chan->len;
		chan_fill(chan, what);
	}
	*end = '\0';
	chan->taken = end + 1 - chan->buf;
	return chan->buf;
}

/* ---- QMP ---- */

static const char *
qmp_take(const char *what)
{
	static const char key[] = "\"event\": \"";
	const char *line, *name;

	line = chan_line(&vm.qmp, what);
	name = strstr(line, key);
	if (name == NULL)
		return line;
	name += sizeof(key) - 1;
	if (vm.n_events == 16)
		broken("too many events");
	snprintf(vm.event[vm.n_events++], sizeof(vm.event[0]), "%.*s", (int)strcspn(name, "\""),
		 name);
	return NULL;
}

__attribute__((format(printf, 1, 0))) static const char *
qmp(const char *fmt, va_list ap)
{
	const char *line;
	char cmd[1024];

	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	chan_send(&vm.qmp, cmd);
	do {
		line = qmp_take(cmd);
	} while (line == NULL);
	return line;
}

const char *
qt_qmp(const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = qmp(fmt, ap);
	va_end(ap);
	return line;
}

void
qt_qmp_ok(const char *fmt, ...)
{
	const char *line;
	va_list ap;

	va_start(ap, fmt);
	line = qmp(fmt, ap);
	va_end(ap);
	if (strncmp(line, "{\"return\"", 9) != 0)
		fail_msg("%s: %s", fmt, line);
}

void
qt_event(const char *name)
{
	const char *line;
	unsigned int i;

	for (;;) {
		for (i = 0; i < vm.n_events; i++) {
			if (strcmp(vm.event[i], name) != 0)
				continue;
			vm.n_events--;
			memmove(vm.event[i], vm.event[i + 1],
				(vm.n_events - i) * sizeof(vm.event[0]));
			return;
		}
		line = qmp_take(name);
		if (line != NULL)
			broken("expected event %s, found %s", name, line);
	}
}

/* ---- qtest ---- */

__attribute__((format(printf, 1, 2))) static const char *
qtest(const char *fmt, ...)
{
	const char *line;
	char cmd[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	chan_send(&vm.qtest, cmd);
	line = chan_line(&vm.qtest, cmd);
	if (strncmp(line, "OK", 2) != 0)
		broken("%s returned %.80s", cmd, line);
	return line + 2;
}

static char
size_letter(unsigned int size)
{
	switch (size) {
	case 1:
		return 'b';
	case 2:
		return 'w';
	case 4:
		return 'l';
	case 8:
		return 'q';
	default:
		fail();
		return 0;
	}
}

uint64_t
qt_read(uint64_t addr, unsigned int size)
{
	return strtoull(qtest("read%c 0x%" PRIx64 "\n", size_letter(size), addr), NULL, 0);
}

void
qt_write(uint64_t addr, uint64_t val, unsigned int size)
{
	qtest("write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", size_letter(size), addr, val);
}

static unsigned int
hex(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

void
qt_read_mem(uint64_t addr, void *buf, size_t len)
{
	const char *digits = qtest("read 0x%" PRIx64 " 0x%zx\n", addr, len);
	uint8_t *p = buf;
	size_t i;

	assert_int_equal(strlen(digits), 3 + 2 * len);
	for (i = 0, digits += 3; i < len; i++, digits += 2)
		p[i] = hex(digits[0]) << 4 | hex(digits[1]);
}

void *
qt_ram(uint64_t addr, uint64_t len)
{
	assert_true(addr >= 0x100000 && addr < QT_RAM_LEN && len <= QT_RAM_LEN - addr);
	return vm.ram + addr;
}

void
qt_step(uint64_t ns)
{
	qtest("clock_step %" PRIu64 "\n", ns);
}

void
qt_settle(void)
{
	unsigned int i;

	for (i = 0; i < 100; i++)
		qt_step(1000000);
}

void
qt_wait_step(struct qt_wait *wait, const char *what)
{
	if (wait->until == 0)
		wait->until = now_ms() + TIMEOUT_MS;
	if (now_ms() > wait->until)
		fail_msg("timeout: %s", what);
	qt_step(1000000);
}

/* ---- machine ---- */

/* PCIEXBAR of the host bridge: ECAM base and enable. */
static void
ecam_enable(void)
{
	const struct qt_pci host = { 0 };

	qt_cfg_write(&host, 0x64, 0, 4);
	qt_cfg_write(&host, 0x60, ECAM_AT | 1, 4);
}

void
qt_start(const char *const *args)
{
	spawn(args);
	chan_line(&vm.qmp, "greeting");
	qt_qmp_ok("{\"execute\": \"qmp_capabilities\"}\n");
	ecam_enable();
}

void
qt_system_reset(void)
{
	qt_qmp_ok("{\"execute\": \"system_reset\"}\n");
	qt_event("RESET");
	ecam_enable();
}

/*
 * Ignore a false positive of a sanitizer about coroutines, and IOMMU messages on refused accesses.
 */
static bool
is_wanted(const char *line, size_t len)
{
	static const char *const wanted[] = {
		"ASan doesn't fully support makecontext",
		": vtd_iova_to_slpte: ",
		": vtd_iommu_translate: ",
		": virtio_iommu_translate ",
		": Interrupt Mask set, irq is not generated",
		": New fault is not recorded due to compression of faults",
	};
	unsigned int i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (memmem(line, len, wanted[i], strlen(wanted[i])) != NULL)
			return true;
	return false;
}

/* The other output of QEMU. */
static char *
complaint(void)
{
	static char text[sizeof(said_text)];
	const char *line, *end;
	size_t len = 0;

	for (line = said(); *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		if (is_wanted(line, end - line))
			continue;
		memcpy(text + len, line, end - line);
		len += end - line;
	}
	text[len] = '\0';
	return text;
}

const char *
qt_refused(const char *const *args)
{
	const char *text;
	int status;

	spawn(args);
	status = reap();
	text = complaint();
	release();
	if (status == -1)
		fail_msg("QEMU does not exit");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1)
		fail_msg("QEMU ends with status %#x: %s", status, text);
	return text;
}

int
qt_teardown(void **state)
{
	const char *text;
	int status;

	(void)state;
	if (vm.pid == 0)
		return 0;
	if (vm.broken) {
		release();
		return -1;
	}
	qt_read(0, 4);
	qt_qmp_ok("{\"execute\": \"query-status\"}\n");
	qt_qmp_ok("{\"execute\": \"quit\"}\n");
	status = reap();
	text = complaint();
	release();
	if (status != 0)
		fail_msg("QEMU ends with status %#x: %s", status, said_text);
	if (*text != '\0')
		fail_msg("QEMU said: %s", text);
	return 0;
}

/* ---- PCI ---- */

uint32_t
qt_cfg_read(const struct qt_pci *pci, unsigned int off, unsigned int size)
{
	static const char letter[] = { 0, 'b', 'w', 0, 'l' };
	const uint32_t addr = UINT32_C(1) << 31 | (uint32_t)pci->bus << 16 | pci->devfn << 8;

	if (off >= 0x100)
		return qt_read(ECAM_AT | pci->bus << 20 | pci->devfn << 12 | off, size);
	qtest("outl 0xcf8 0x%x\n", addr | (off & 0xfc));
	return strtoul(qtest("in%c 0x%x\n", letter[size], 0xcfc + off % 4), NULL, 0);
}

void
qt_cfg_write(const struct qt_pci *pci, unsigned int off, uint32_t val, unsigned int size)
{
	static const char letter[] = { 0, 'b', 'w', 0, 'l' };
	const uint32_t addr = UINT32_C(1) << 31 | (uint32_t)pci->bus << 16 | pci->devfn << 8;

	if (off >= 0x100) {
		qt_write(ECAM_AT | pci->bus << 20 | pci->devfn << 12 | off, val, size);
		return;
	}
	qtest("outl 0xcf8 0x%x\n", addr | (off & 0xfc));
	qtest("out%c 0x%x 0x%x\n", letter[size], 0xcfc + off % 4, val);
}

unsigned int
qt_cap(const struct qt_pci *pci, uint8_t id)
{
	unsigned int off, n = 0;

	/* The status register tells whether there is a capability list. */
	if (!(qt_cfg_read(pci, 0x06, 2) & 0x10))
		return 0;
	for (off = qt_cfg_read(pci, 0x34, 1); off != 0; off = qt_cfg_read(pci, off + 1, 1)) {
		assert_true(off >= 0x40 && off % 4 == 0 && n++ < 48);
		if (qt_cfg_read(pci, off, 1) == id)
			return off;
	}
	return 0;
}

unsigned int
qt_ext_cap(const struct qt_pci *pci, uint16_t id)
{
	unsigned int off, n = 0;
	uint32_t head;

	for (off = 0x100; off != 0; off = head >> 20) {
		assert_true(off >= 0x100 && off % 4 == 0 && n++ < 960);
		head = qt_cfg_read(pci, off, 4);
		if ((head & 0xffff) == id)
			return off;
	}
	return 0;
}

uint64_t
qt_mmio_alloc(uint64_t len)
{
	const uint64_t addr = (vm.mmio64 + len - 1) & ~(len - 1);

	vm.mmio64 = addr + len;
	return addr;
}

static void
bar_size(struct qt_pci *pci, unsigned int i)
{
	const unsigned int off = QT_PCI_BAR0 + i * 4;
	uint64_t mask;

	qt_cfg_write(pci, off, UINT32_MAX, 4);
	mask = qt_cfg_read(pci, off, 4);
	if (mask == 0)
		return;
	assert_int_equal(mask & 1, 0);
	pci->bar_64[i] = (mask & 6) == 4;
	if (pci->bar_64[i]) {
		qt_cfg_write(pci, off + 4, UINT32_MAX, 4);
		mask |= (uint64_t)qt_cfg_read(pci, off + 4, 4) << 32;
	} else {
		mask |= (uint64_t)UINT32_MAX << 32;
	}
	pci->bar_len[i] = ~(mask & ~UINT64_C(15)) + 1;
}

void
qt_remap(const struct qt_pci *pci)
{
	unsigned int i;

	for (i = 0; i < QT_BARS; i++) {
		if (pci->bar_len[i] == 0)
			continue;
		qt_cfg_write(pci, QT_PCI_BAR0 + i * 4, pci->bar[i], 4);
		if (pci->bar_64[i])
			qt_cfg_write(pci, QT_PCI_BAR0 + i * 4 + 4, pci->bar[i] >> 32, 4);
	}
	qt_cfg_write(pci, QT_PCI_COMMAND, QT_PCI_MEMORY, 2);
}

void
qt_map(struct qt_pci *pci)
{
	unsigned int i;

	qt_cfg_write(pci, QT_PCI_COMMAND, 0, 2);
	memset(pci->bar_len, 0, sizeof(pci->bar_len));
	for (i = 0; i < QT_BARS; i += 1 + pci->bar_64[i]) {
		pci->bar_64[i] = false;
		bar_size(pci, i);
		if (pci->bar_len[i] == 0)
			continue;
		if (pci->bar_64[i]) {
			pci->bar[i] = qt_mmio_alloc(pci->bar_len[i]);
		} else {
			vm.mmio32 = (vm.mmio32 + pci->bar_len[i] - 1) & ~(pci->bar_len[i] - 1);
			pci->bar[i] = vm.mmio32;
			vm.mmio32 += pci->bar_len[i];
		}
	}
	qt_remap(pci);
}

void
qt_bus_master(const struct qt_pci *pci, bool on)
{
	const uint32_t cmd = qt_cfg_read(pci, QT_PCI_COMMAND, 2);

	qt_cfg_write(pci, QT_PCI_COMMAND, on ? cmd | QT_PCI_MASTER : cmd & ~QT_PCI_MASTER, 2);
}

void
qt_flr(const struct qt_pci *pci)
{
	const unsigned int ctl = qt_cap(pci, QT_PCI_CAP_EXP) + 8;

	qt_cfg_write(pci, ctl, qt_cfg_read(pci, ctl, 2) | 1 << 15, 2);
}

void
qt_bridge(uint8_t devfn, uint8_t bus)
{
	const struct qt_pci bridge = { .devfn = devfn };

	qt_cfg_write(&bridge, 0x18, bus << 8 | bus << 16, 4);
	/* Non-prefetchable memory below 4 GiB, and prefetchable memory above. */
	qt_cfg_write(&bridge, 0x20, (MMIO32_AT >> 16) | 0xdff00000, 4);
	qt_cfg_write(&bridge, 0x24, (MMIO64_AT >> 16 & 0xfff0) | 0xfff00000, 4);
	qt_cfg_write(&bridge, 0x28, MMIO64_AT >> 32, 4);
	qt_cfg_write(&bridge, 0x2c, 0xffff, 4);
	qt_cfg_write(&bridge, QT_PCI_COMMAND, QT_PCI_MEMORY | QT_PCI_MASTER, 2);
}
