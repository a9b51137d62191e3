// Keytabs: the keys of services and of users who log in without a password.
#pragma once
#include <kerb/exchange/salt.hpp>
#include <kerb/format/keytab.hpp>

#include "show.hpp"

namespace example {

class keytab_file {
 public:
  explicit keytab_file(const std::string& path, bool may_be_missing = false) : path_(path) {
    auto all = read_file(path, may_be_missing ? file_kind::ours : file_kind::keytab);
    if (!all && !may_be_missing) throw failure("there is no keytab " + path);
    if (all) octets_ = std::move(*all);
    if (octets_.empty()) return;
    const auto v = kerb::keytab_view::open(octets_);
    if (!v) throw failure(path + ": " + log_line(v.error(), kerb::party::client).c_str());
    view_ = *v;
  }
  keytab_file(const keytab_file&) = delete;
  keytab_file& operator=(const keytab_file&) = delete;

  const kerb::keytab_view& view() const { return view_; }
  void show(bool json) const {
    if (json) std::printf("{\"keytab\": %s, \"keys\": [", quoted(path_).c_str());
    else std::printf("%-5s %-28s %s\n", "kvno", "type", "principal");
    bool first = true;
    for (const kerb::keytab_entry k : view_) {
      const named name(k.principal);
      const std::string text = text_of(name.view);
      if (json) {
        std::printf("%s\n  {\"principal\": %s, \"kvno\": %u, \"etype\": \"%s\", \"written\": \"%s\"}", first ? "" : ",",
                    quoted(text).c_str(), k.kvno, text_of(k.etype).c_str(), text_of(k.timestamp, true).c_str());
      } else {
        std::printf("%-5u %-28s %s\n", k.kvno, text_of(k.etype).c_str(), printable(text).c_str());
      }
      first = false;
    }
    if (json) std::printf("\n]}\n");
  }
  /// Adds keys of all the policy's encryption types, made from a password with the default salt.
  void add(const kerb::principal_view& who, std::uint32_t kvno, kerb::secret_view password, policy& crypto,
           kerb::kerberos_time now) {
    octet_list made(octets_.size() + 16384);
    kerb::keytab_writer w(made);
    for (const kerb::keytab_entry old : view_) w.add(old);
    octet_list salt(kerb::default_salt_size(who));
    const kerb::bytes_view salted = kerb::write_default_salt(who, salt);
    for (const kerb::etype_t e : crypto.offered()) {
      const auto k = crypto.string_to_key(e, password, salted, {});
      if (!k) throw failure(log_line(k.error(), kerb::party::client).c_str());
      kerb::keytab_key entry{};
      entry.principal = who;
      entry.timestamp = now;
      entry.kvno = kvno;
      entry.etype = e;
      entry.key = crypto.expose(*k);
      w.add(entry);
    }
    const auto written = w.finish();
    if (!written) throw failure(log_line(written.error(), kerb::party::client).c_str());
    replace_file(path_, *written);
  }

 private:
  std::string path_;
  octet_list octets_;
  kerb::keytab_view view_;
};

}  // namespace example
