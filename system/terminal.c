/* SPDX-License-Identifier: MIT */
/*
 * Terminal modes. The first terminal_raw remembers the modes; exit, fatal signals and stops restore them. tcsetattr is
 * async-signal-safe, so the same function serves handlers.
 */
#include "system/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t is_raw;
static bool raw_keeps_signals;

void terminal_restore(void)
{
    if (!is_raw)
        return;
    is_raw = 0;
    int err = errno;
    tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    errno = err;
}

void terminal_raw(bool keep_signals)
{
    static bool registered;
    struct termios t;
    if (is_raw || !isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved))
        return;
    raw_keeps_signals = keep_signals;
    t = saved;
    t.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    t.c_oflag |= OPOST;
    t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!keep_signals)
        t.c_lflag &= ~(tcflag_t)ISIG;
    t.c_cflag = (t.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    t.c_cc[VMIN] = 1;
    t.c_cc[VTIME] = 0;
    is_raw = 1;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &t))
        is_raw = 0;
    if (!registered)
        atexit(terminal_restore);
    registered = true;
}

static void fatal_signal(int sig)
{
    terminal_restore();
    signal(sig, SIG_DFL);
    raise(sig);
}

static void suspend_signal(int sig)
{
    bool was_raw = is_raw;
    terminal_restore();
    signal(SIGTSTP, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    raise(SIGTSTP);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL); /* stops here until SIGCONT */
    signal(SIGTSTP, suspend_signal);
    if (was_raw)
        terminal_raw(raw_keeps_signals);
}

void terminal_install_handlers(void)
{
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT, SIGTRAP, SIGSYS, SIGXCPU,
                                 SIGINT, SIGTERM, SIGHUP /* until the main loop handles these */ };
    for (unsigned i = 0; i < sizeof fatal / sizeof *fatal; i++)
        signal(fatal[i], fatal_signal);
    signal(SIGTSTP, suspend_signal);
    signal(SIGPIPE, SIG_IGN);
}
