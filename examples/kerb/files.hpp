// Files with secrets: read whole, written as a new file that takes the old one's place, wiped before they go.
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>
#include <kerb/core/secret.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace example {

using octet_list = std::vector<std::uint8_t>;

/// A message for the user, who then knows what to do.
struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void wipe(octet_list& v) { kerb::secure_zero(std::span<std::uint8_t>(v)); }
inline void wipe(std::string& s) {
  kerb::secure_zero(std::span<std::uint8_t>(reinterpret_cast<std::uint8_t*>(s.data()), s.size()));
}

/// Null when there is no such file.
inline std::optional<octet_list> read_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0) throw failure(path + " cannot be read: " + std::strerror(errno));
  struct stat about {};
  octet_list all;
  if (::fstat(fd, &about) == 0 && about.st_size < (1 << 26)) all.resize(static_cast<std::size_t>(about.st_size));
  std::size_t have = 0;
  while (have != all.size()) {
    const ssize_t n = ::read(fd, all.data() + have, all.size() - have);
    if (n <= 0) break;
    have += static_cast<std::size_t>(n);
  }
  ::close(fd);
  all.resize(have);
  return all;
}

/// Replaces a file in one step, readable only by its owner: other programs see the old file or the new one.
inline void replace_file(const std::string& path, kerb::bytes_view octets) {
  std::string name = path + ".XXXXXX";
  const int fd = ::mkstemp(name.data());  // mode 0600
  if (fd < 0) throw failure(path + " cannot be written: " + std::strerror(errno));
  std::size_t written = 0;
  while (written != octets.size()) {
    const ssize_t n = ::write(fd, octets.data() + written, octets.size() - written);
    if (n <= 0) break;
    written += static_cast<std::size_t>(n);
  }
  const bool good = written == octets.size() && ::fsync(fd) == 0;
  ::close(fd);
  if (good && ::rename(name.c_str(), path.c_str()) == 0) return;
  ::unlink(name.c_str());
  throw failure(path + " cannot be written: " + std::strerror(errno));
}

/// Overwrites a file with zeros and removes it. Returns whether there was one.
inline bool destroy_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT) return false;
  if (fd < 0) throw failure(path + " cannot be wiped: " + std::strerror(errno));
  struct stat about {};
  ::fstat(fd, &about);
  const octet_list zeros(static_cast<std::size_t>(about.st_size));
  const ssize_t n = ::write(fd, zeros.data(), zeros.size());
  const bool wiped = n == about.st_size && ::fsync(fd) == 0;
  ::close(fd);
  if (!wiped || ::unlink(path.c_str()) != 0) throw failure(path + " cannot be wiped: " + std::strerror(errno));
  return true;
}

/// A password, wiped when it is no longer needed.
struct password {
  std::string text;
  password() = default;
  password(const password&) = delete;
  password& operator=(const password&) = delete;
  password(password&& o) noexcept : text(o.text) { wipe(o.text); }
  password& operator=(password&& o) noexcept {
    wipe(text);
    text = o.text;
    wipe(o.text);
    return *this;
  }
  ~password() { wipe(text); }
  kerb::secret_view view() const { return kerb::secret_view::of(text); }
};

inline termios& terminal_before() {
  static termios t{};
  return t;
}
/// The first line of a file, of standard input if the file is -, or what the user types without echo.
inline password ask_password(const std::string& prompt, const std::string& file) {
  password p;
  p.text.reserve(4096);  // so that no copy of it is left where a shorter text was
  if (!file.empty() && file != "-") {
    auto all = read_file(file);
    if (!all) throw failure("there is no file " + file);
    for (const std::uint8_t o : *all) {
      if (o == '\n' || o == '\r') break;
      p.text.push_back(static_cast<char>(o));
    }
    wipe(*all);
  } else {
    const bool terminal = file.empty() && isatty(0) != 0;
    if (terminal) {
      std::fprintf(stderr, "%s: ", prompt.c_str());
      tcgetattr(0, &terminal_before());
      std::signal(SIGINT, [](int) {  // Ctrl-C must not leave the terminal without echo
        tcsetattr(0, TCSANOW, &terminal_before());
        _exit(130);
      });
      termios silent = terminal_before();
      silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      tcsetattr(0, TCSAFLUSH, &silent);
    }
    for (char c; ::read(0, &c, 1) == 1 && c != '\n';) p.text.push_back(c);
    if (terminal) {
      tcsetattr(0, TCSAFLUSH, &terminal_before());
      std::signal(SIGINT, SIG_DFL);
      std::fputs("\n", stderr);
    }
  }
  if (p.text.empty()) throw failure("a password is needed, and none was given");
  return p;
}

}  // namespace example
