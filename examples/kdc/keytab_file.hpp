// Keytab files: random keys of the KDC between runs, and keys for services.
#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <iterator>
#include <kerb/format/keytab.hpp>
#include <map>

#include "entry.hpp"

namespace example {

using key_map = std::map<std::string, std::vector<stored_key>>;

/// Reads the keys of a keytab by principal; none if there is no such file.
inline key_map read_keytab(const std::string& file, policy& crypto) {
  key_map all;
  if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) return all;
  // Into one buffer of the file's size, which is wiped: a container that grows leaves keys in memory that it has freed
  std::ifstream in;
  in.rdbuf()->pubsetbuf(nullptr, 0);  // and a buffer of the stream would, too
  in.open(file, std::ios::binary | std::ios::ate);
  if (!in || in.tellg() < 0 || in.tellg() > (1 << 26)) throw bad_text(file + " cannot be read");
  std::vector<std::uint8_t> octets(static_cast<std::size_t>(in.tellg()));
  const kerb::wiped_on_exit wipe(octets);
  in.seekg(0);
  if (!in.read(reinterpret_cast<char*>(octets.data()), static_cast<std::streamsize>(octets.size())))
    throw bad_text(file + " cannot be read");
  const auto keytab = kerb::keytab_view::open(octets);
  if (!keytab) throw bad_text(file + " is no keytab");
  for (const kerb::keytab_entry& e : *keytab) {
    std::array<kerb::kerberos_string, 32> components{};
    std::array<char, 4096> buffer{};
    const auto name = e.principal.in(components);
    const auto as_text = name ? kerb::to_text(*name, buffer) : kerb::result<std::string_view>(name.error());
    auto k = crypto.import(e.etype, e.key.unguarded());
    if (k && as_text) all[std::string(*as_text)].push_back({e.kvno, std::move(*k), {}});
  }
  return all;
}

/// A principal whose keys are written, and the name to write them under: its own or an alias.
struct keytab_name {
  std::string name;
  std::shared_ptr<const entry> keys_of;
};

/// Writes a keytab that only its owner can read. It replaces `file` in one step, so an incomplete file never appears.
inline void write_keytab(const std::string& file, const std::vector<keytab_name>& entries) {
  for (std::size_t size = 1024;;) {
    std::vector<std::uint8_t> buffer(size);
    const kerb::wiped_on_exit wipe(buffer);
    kerb::keytab_writer w(buffer);
    for (const keytab_name& e : entries) {
      const auto name = kerb::principal::parse(e.name);
      for (const stored_key& k : e.keys_of->keys())
        w.add(kerb::keytab_key{.principal = name->view(),
                               .timestamp = {std::time(nullptr)},
                               .kvno = k.kvno,
                               .etype = k.key.etype(),
                               .key = k.key.octets()});
    }
    const auto octets = w.finish();
    if (!octets && octets.error().code == kerb::errc::no_space) {
      size = octets.error().detail;
      continue;
    }
    if (!octets)
      throw std::runtime_error("no keytab can be written: " + std::string(kerb::name_of(octets.error().code)));
    const std::string draft = file + ".new";
    ::unlink(draft.c_str());
    const int fd = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    const bool written = fd >= 0 &&
                         ::write(fd, octets->data(), octets->size()) == static_cast<ssize_t>(octets->size()) &&
                         ::fsync(fd) == 0;
    if (fd >= 0) ::close(fd);
    if (!written || ::rename(draft.c_str(), file.c_str()) != 0) throw std::runtime_error(file + " cannot be written");
    return;
  }
}

/// Locks a file while it is read and written, so that one of two programs that start at once waits.
class file_lock {
 public:
  explicit file_lock(const std::string& file) : fd_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) throw std::runtime_error(file + " cannot be locked");
  }
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  ~file_lock() { ::close(fd_); }

 private:
  int fd_;
};

}  // namespace example
