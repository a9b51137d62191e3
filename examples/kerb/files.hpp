// Files with secrets: read whole into memory that is wiped, written as a new file that takes the old one's place.
#pragma once
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <kerb/core/secret.hpp>
#include <kerb/core/utf8.hpp>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "../support/no_echo.hpp"

namespace example {

/// Memory that is wiped before it is given back: when a list grows or goes, also because of an exception.
template <class T>
struct wiping_allocator {
  using value_type = T;
  wiping_allocator() = default;
  template <class U>
  wiping_allocator(const wiping_allocator<U>&) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, std::size_t n) noexcept {
    kerb::secure_zero(std::span<std::uint8_t>(reinterpret_cast<std::uint8_t*>(p), n * sizeof(T)));
    std::allocator<T>().deallocate(p, n);
  }
  friend bool operator==(const wiping_allocator&, const wiping_allocator&) { return true; }
};
using octet_list = std::vector<std::uint8_t, wiping_allocator<std::uint8_t>>;

/// A message for the user, who then knows what to do.
struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// For a terminal: what is a control character, of C0 or C1, or is not UTF-8 becomes a question mark.
inline std::string printable(const std::string& s) {
  std::string out;
  const kerb::bytes_view all(reinterpret_cast<const std::uint8_t*>(s.data()), s.size());
  for (std::size_t i = 0; i != s.size();) {
    const std::size_t end = i + kerb::valid_utf8_octets(all.subview(i));
    for (; i != end; ++i) {
      if (all[i] == 0xc2 && all[i + 1] < 0xa0) ++i, out += '?';  // U+0080 to U+009F
      else out += all[i] < 0x20 || all[i] == 0x7f ? '?' : s[i];
    }
    if (i != s.size()) ++i, out += '?';
  }
  return out;
}

/// An open file, closed at the end.
class descriptor {
 public:
  descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  operator int() const { return fd_; }

 private:
  int fd_;
};

enum class file_kind {
  any,     ///< a configuration or a password: also a link or a pipe
  keytab,  ///< a regular file, perhaps through a link
  ours,    ///< a keytab that is written again: a regular file, and no link
  cache,   ///< a regular file of this user or of root, and no link: other users can put files into /tmp, too
};
inline constexpr std::size_t largest_file = 1 << 26;

/// Throws if the file is not of this kind.
inline struct stat must_be(file_kind kind, int fd, const std::string& path) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) throw failure(path + " cannot be read: " + std::strerror(errno));
  if (kind != file_kind::any && !S_ISREG(about.st_mode)) throw failure(path + " is not a regular file");
  if (kind == file_kind::cache && about.st_uid != ::geteuid() && about.st_uid != 0)
    throw failure(path + " belongs to another user. Use another cache, with --cache or KRB5CCNAME");
  return about;
}

/// Reads a file to its end. Null when there is no such file.
inline std::optional<octet_list> read_file(const std::string& path, file_kind kind) {
  const bool follow = kind == file_kind::any || kind == file_kind::keytab;
  const descriptor fd(path, O_RDONLY | (kind == file_kind::any ? 0 : O_NONBLOCK) | (follow ? 0 : O_NOFOLLOW));
  if (fd < 0 && errno == ENOENT) return std::nullopt;
  if (fd < 0 && errno == ELOOP && !follow) throw failure(path + " is a symbolic link, which kerb does not follow here");
  if (fd < 0) throw failure(path + " cannot be read: " + std::strerror(errno));
  const struct stat about = must_be(kind, fd, path);
  // One octet more than the file has: the read that finds the end needs no larger buffer
  const auto size = static_cast<std::size_t>(std::max<off_t>(about.st_size, 4095));
  if (size >= largest_file) throw failure(path + " is too large");
  octet_list all(size + 1);
  for (std::size_t have = 0;;) {
    if (have == all.size()) all.resize(2 * all.size());
    const ssize_t n = ::read(fd, all.data() + have, all.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n > 0) have += static_cast<std::size_t>(n);
    if (n < 0) throw failure(path + " cannot be read: " + std::strerror(errno));
    if (have >= largest_file) throw failure(path + " is too large");
    if (n == 0) {
      all.resize(have);
      return all;
    }
  }
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
  const descriptor fd(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return false;
  if (fd < 0) throw failure(path + " cannot be wiped: " + std::strerror(errno));
  const struct stat about = must_be(file_kind::cache, fd, path);
  // Another user can give any file of this one a second name in /tmp: then only a cache is wiped
  std::uint8_t version[2] = {};
  const bool is_cache = ::pread(fd, version, 2, 0) == 2 && version[0] == 5 && version[1] >= 1 && version[1] <= 4;
  if (about.st_nlink != 1 && !is_cache)
    throw failure(path + " has other names, and is not a credential cache. Nothing was wiped");
  const octet_list zeros(1 << 16);
  for (off_t left = about.st_size; left > 0;) {
    const ssize_t n = ::write(fd, zeros.data(), std::min(zeros.size(), static_cast<std::size_t>(left)));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw failure(path + " cannot be wiped: " + std::strerror(errno));
    left -= n;
  }
  if (::fsync(fd) != 0 || ::unlink(path.c_str()) != 0)
    throw failure(path + " cannot be wiped: " + std::strerror(errno));
  return true;
}

/// A password.
struct password {
  octet_list text;
  kerb::secret_view view() const { return kerb::secret_view(kerb::bytes_view(text)); }
};

/// The first line of a file, of standard input if the file is -, or what the user types without echo.
inline password ask_password(const std::string& prompt, const std::string& file) {
  password p;
  if (!file.empty() && file != "-") {
    auto all = read_file(file, file_kind::any);
    if (!all) throw failure("there is no file " + file);
    for (const std::uint8_t o : *all) {
      if (o == '\n' || o == '\r') break;
      p.text.push_back(o);
    }
  } else {
    std::optional<no_echo> silent;
    if (file.empty() && isatty(0) != 0) {
      std::fprintf(stderr, "%s: ", prompt.c_str());
      silent.emplace();
    }
    for (std::uint8_t c; ::read(0, &c, 1) == 1 && c != '\n';) p.text.push_back(c);
  }
  if (p.text.empty()) throw failure("a password is needed, and none was given");
  return p;
}

}  // namespace example
