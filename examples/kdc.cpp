// A KDC over UDP and TCP, with principals in a text file or an SQLite database: see kdc --help and kdc/README.md.
#include <filesystem>

#include "kdc/answer.hpp"
#include "kdc/file_store.hpp"
#include "kdc/options.hpp"
#include "kdc/passwords.hpp"
#ifdef EXAMPLE_HAS_SQLITE
#include "kdc/sqlite_store.hpp"
#endif

namespace {

using namespace example;

volatile std::sig_atomic_t stop = 0;

/// Blocks the signals, except while the server waits. Returns the signal mask for that wait.
sigset_t catch_signals() {
  sigset_t ours, before;
  sigemptyset(&ours);
  struct sigaction action {};
  action.sa_handler = [](int) { stop = 1; };
  for (const int s : {SIGTERM, SIGINT}) {
    sigaddset(&ours, s);
    sigaction(s, &action, nullptr);
  }
  sigprocmask(SIG_BLOCK, &ours, &before);
  sigdelset(&before, SIGTERM);
  sigdelset(&before, SIGINT);
  return before;
}

std::unique_ptr<store> open_store(const kdc_options& o, policy& crypto) {
  if (o.db.empty()) return std::make_unique<file_store>(o.principals, o.keys, o.realm, crypto);
#ifdef EXAMPLE_HAS_SQLITE
  auto db = std::make_unique<sqlite_store>(o.db, crypto);
  if (!o.principals.empty()) db->load(o.principals, o.realm);
  return db;
#else
  throw bad_text("--db: this program was built without SQLite (package libsqlite3-dev)");
#endif
}

void export_keytab(const kdc_options& o, store& principals) {
  std::error_code none;
  if (o.db.empty() && std::filesystem::equivalent(o.export_keytab, o.keys, none)) {
    throw bad_text("the realm's own keys are in " + o.keys + ": export to another file");
  }
  std::vector<keytab_name> wanted;
  for (const std::string& n : o.names) {
    const std::string name = name_with_realm(n, o.realm);
    auto keys_of = principals.find(name);
    if (keys_of == nullptr)
      if (const auto canonical = principals.way("alias " + name)) keys_of = principals.find(*canonical);
    if (keys_of == nullptr) throw bad_text("there is no principal " + n);
    wanted.push_back({name, std::move(keys_of)});
  }
  write_keytab(o.export_keytab, wanted);
}

}  // namespace

int main(int argc, char** argv) try {
  int status = 0;
  const auto o = read_kdc_options(argc, argv, status);
  if (!o) return status;
  const sigset_t while_waiting = catch_signals();
  policy crypto;
  const auto principals = open_store(*o, crypto);
  if (!principals->find(name_with_realm("krbtgt/" + o->realm, o->realm))) {
    throw bad_text("the database has no principals of this realm: --principals loads them");
  }
  if (!o->export_keytab.empty()) return export_keytab(*o, *principals), 0;

  const realm_settings realm(o->realm, *principals);
  journal log(o->quiet);
  const auto say = [&](const std::string& line) {
    log.line() += line;
    log.end();
    log.write();
  };
  answerer answer(realm, *principals, crypto, log);
  std::optional<password_answerer> passwords;
  server all(o->server);
  say("serving " + o->realm + " at " + o->server.address + " port " + std::to_string(all.add(o->server.port, answer)));
  if (o->server.kpasswd) {
    passwords.emplace(o->realm, realm.min_password, *principals, crypto, log);
    say("changing passwords at port " + std::to_string(all.add(*o->server.kpasswd, *passwords)));
  }
  all.run(stop, while_waiting);
  say("stopped");
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "kdc: %s\n", e.what());
  return 1;
}
