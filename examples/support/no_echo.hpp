// A terminal that shows nothing of what is typed, while a password is asked for.
#pragma once
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace example {

/// As long as it lives, standard input has no echo; if that is not a terminal, it does nothing.
class no_echo {
 public:
  no_echo() : terminal_(isatty(0) != 0) {
    if (!terminal_) return;
    tcgetattr(0, &before());
    std::signal(SIGINT, [](int) {  // Ctrl-C must not leave the terminal without echo
      tcsetattr(0, TCSANOW, &before());
      _exit(130);
    });
    termios silent = before();
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(0, TCSAFLUSH, &silent);
  }
  no_echo(const no_echo&) = delete;
  no_echo& operator=(const no_echo&) = delete;
  ~no_echo() {
    if (!terminal_) return;
    tcsetattr(0, TCSAFLUSH, &before());
    std::signal(SIGINT, SIG_DFL);
    std::fputs("\n", stderr);
  }

 private:
  static termios& before() {
    static termios t{};
    return t;
  }
  bool terminal_;
};

}  // namespace example
