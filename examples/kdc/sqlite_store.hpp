// Principals in an SQLite database: several KDCs can share it, and a change takes effect at the next request.
#pragma once
#include <sqlite3.h>
#include <sys/stat.h>

#include "entry.hpp"

namespace example {

/// A statement that is prepared once. A run begins with bind() and ends when the returned object is destroyed.
class statement {
 public:
  statement(sqlite3* db, const char* sql) : db_(db) {
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s_, nullptr) != SQLITE_OK) fail();
  }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement() { sqlite3_finalize(s_); }

  class run {
   public:
    explicit run(statement& s) : s_(s) {}
    run(const run&) = delete;
    run& operator=(const run&) = delete;
    ~run() {
      sqlite3_reset(s_.s_);
      sqlite3_clear_bindings(s_.s_);
    }
    /// Advances to the next row. Returns false if there is none.
    bool row() {
      const int r = sqlite3_step(s_.s_);
      if (r != SQLITE_ROW && r != SQLITE_DONE) s_.fail();
      return r == SQLITE_ROW;
    }
    std::int64_t number(int column) const { return sqlite3_column_int64(s_.s_, column); }
    bool null(int column) const { return sqlite3_column_type(s_.s_, column) == SQLITE_NULL; }
    kerb::bytes_view octets(int column) const {
      const auto* const at = static_cast<const std::uint8_t*>(sqlite3_column_blob(s_.s_, column));
      return {at, static_cast<std::size_t>(sqlite3_column_bytes(s_.s_, column))};
    }
    std::string text(int column) const {
      const kerb::bytes_view o = octets(column);
      return {o.begin(), o.end()};
    }

   private:
    statement& s_;
  };
  /// Binds values in the order of the question marks: texts, numbers, octets, or nothing.
  template <class... Values>
  run bind(const Values&... values) {
    int place = 0;
    (one(++place, values), ...);
    return run(*this);
  }

 private:
  void one(int place, const std::string& v) {
    ok(sqlite3_bind_text(s_, place, v.data(), static_cast<int>(v.size()), SQLITE_TRANSIENT));
  }
  void one(int place, std::int64_t v) { ok(sqlite3_bind_int64(s_, place, v)); }
  void one(int place, kerb::secret_view v) {
    ok(sqlite3_bind_blob(s_, place, v.data(), static_cast<int>(v.size()), SQLITE_TRANSIENT));
  }
  void one(int place, const std::optional<std::string>& v) {
    if (v) one(place, *v);
  }
  void ok(int r) const {
    if (r != SQLITE_OK) fail();
  }
  [[noreturn]] void fail() const { throw std::runtime_error(std::string("SQLite: ") + sqlite3_errmsg(db_)); }
  sqlite3* db_;
  sqlite3_stmt* s_ = nullptr;
};

class sqlite_store : public store {
 public:
  sqlite_store(const std::string& file, policy& crypto) : crypto_(crypto), db_(open(file)) {}

  /// Loads a text file. Principals that are not in it stay, and so do existing random keys.
  void load(const std::string& file, const std::string& realm) {
    const realm_text text = read_realm(file, realm, crypto_);
    execute("BEGIN IMMEDIATE");  // another process that starts now waits, and then finds the keys
    statement put(db_.get(), "INSERT OR REPLACE INTO principal VALUES (?, ?)");
    statement put_way(db_.get(), "INSERT OR REPLACE INTO way VALUES (?, ?)");
    statement forget(db_.get(), "DELETE FROM long_term_key WHERE principal = ?");
    for (const auto& [name, line] : text.principals) {
      put.bind(name, line.words).row();
      std::vector<stored_key> keys;
      if (line.password) {
        keys = keys_from_password(name, line, crypto_);
        forget.bind(name).row();
      } else {
        auto there = keys_of(name);
        if (std::any_of(there.begin(), there.end(), [](const stored_key& k) { return k.salt.has_value(); })) {
          forget.bind(name).row();  // the principal had a password until now
          there.clear();
        }
        for (const etype_t e : line.is.etypes)
          if (std::none_of(there.begin(), there.end(), [&](const stored_key& k) { return k.key.etype() == e; }))
            keys.push_back(random_key(e, line.kvno, crypto_));
      }
      put_keys(name, keys);
    }
    for (const auto& [from, to] : text.ways) put_way.bind(from, to).row();
    if (!text.policy.empty()) put_way.bind(std::string("policy"), text.policy).row();
    execute("COMMIT");
  }

  std::shared_ptr<const entry> find(const std::string& name) override {
    const auto in_database = words_in_database(name);
    if (!in_database) return nullptr;
    const std::string& words = *in_database;
    auto keys = keys_of(name);
    // Only key schedules are cached, and only while words and keys are the same
    if (const auto known = remembered_.find(name); known != remembered_.end()) {
      if (known->second.words == words && same_keys(known->second.it->keys(), keys)) return known->second.it;
      remembered_.erase(known);
    }
    auto line = principal_line_of(words_of(words), 0, true, crypto_);
    const auto made =
        std::make_shared<const entry>(name, std::move(line.is), std::move(keys), is_service(name), crypto_);
    if (!is_service(name)) return made;
    if (remembered_.size() == 1024) remembered_.clear();
    remembered_[name] = {words, made};
    return made;
  }
  void set_password(const std::string& name, kerb::secret_view password) override {
    execute("BEGIN IMMEDIATE");  // two changes at once get different versions
    try {
      const auto before = find(name);
      if (before == nullptr) throw std::runtime_error("the principal has just been removed");
      const auto keys = keys_from_password(name, before->is().etypes, next_kvno(before->keys()), password, crypto_);
      statement(db_.get(), "DELETE FROM long_term_key WHERE principal = ?").bind(name).row();
      put_keys(name, keys);
      std::string words;  // without the settings of the old password
      for (const std::string& w : words_of(words_in_database(name).value()))
        if (w != "must_change_password" && !w.starts_with("password_expires=")) words += (words.empty() ? "" : " ") + w;
      statement(db_.get(), "UPDATE principal SET words = ? WHERE name = ?").bind(words, name).row();
      execute("COMMIT");
    } catch (...) {
      execute("ROLLBACK");
      throw;
    }
  }
  std::optional<std::string> way(const std::string& from) override {
    auto found = way_.bind(from);
    return found.row() ? std::optional(found.text(0)) : std::nullopt;
  }
  std::string policy_words() override { return way("policy").value_or(""); }
  bool prepares_people() const override { return false; }
  std::vector<std::vector<std::string>> capaths() override {
    std::vector<std::vector<std::string>> all;
    statement every(db_.get(), "SELECT start, target FROM way WHERE start GLOB 'capath *'");
    auto found = every.bind();
    while (found.row()) all.push_back(words_of(found.text(0).substr(7) + " " + found.text(1)));
    return all;
  }

 private:
  struct closer {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
  };
  using database = std::unique_ptr<sqlite3, closer>;

  static database open(const std::string& file) {
    sqlite3* raw = nullptr;
    const mode_t before = ::umask(077);  // the file contains keys
    const int r = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    database db(raw);
    if (r == SQLITE_OK) {
      sqlite3_busy_timeout(raw, 10000);
      sqlite3_exec(raw,
                   "PRAGMA journal_mode = WAL;"  // readers do not wait for writers
                   "CREATE TABLE IF NOT EXISTS principal (name TEXT PRIMARY KEY, words TEXT NOT NULL) WITHOUT ROWID;"
                   "CREATE TABLE IF NOT EXISTS long_term_key (principal TEXT, kvno INTEGER, etype INTEGER,"
                   " octets BLOB NOT NULL, salt TEXT, PRIMARY KEY (principal, kvno, etype)) WITHOUT ROWID;"
                   "CREATE TABLE IF NOT EXISTS way (start TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;",
                   nullptr, nullptr, nullptr);
    }
    ::umask(before);
    if (r != SQLITE_OK || sqlite3_errcode(raw) != SQLITE_OK)
      throw bad_text(file + " cannot be used: " + (raw == nullptr ? "no memory" : sqlite3_errmsg(raw)));
    return db;
  }
  void execute(const char* sql) {
    if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(std::string("SQLite: ") + sqlite3_errmsg(db_.get()));
  }
  void put_keys(const std::string& name, const std::vector<stored_key>& keys) {
    for (const stored_key& k : keys)
      put_key_.bind(name, std::int64_t{k.kvno}, static_cast<std::int64_t>(k.key.etype()), k.key.octets(), k.salt).row();
  }
  std::optional<std::string> words_in_database(const std::string& name) {
    auto found = find_.bind(name);
    return found.row() ? std::optional(found.text(0)) : std::nullopt;
  }
  std::vector<stored_key> keys_of(const std::string& name) {
    std::vector<stored_key> keys;
    auto found = keys_.bind(name);
    while (found.row()) {
      auto k = crypto_.import(static_cast<etype_t>(found.number(1)), found.octets(2));
      if (!k) continue;
      keys.push_back({static_cast<std::uint32_t>(found.number(0)), std::move(*k), {}});
      if (!found.null(3)) keys.back().salt = found.text(3);
    }
    return keys;
  }
  /// Whether both have the same keys. Their order may differ, because entry sorts its keys.
  static bool same_keys(const std::vector<stored_key>& a, const std::vector<stored_key>& b) {
    return a.size() == b.size() && std::all_of(a.begin(), a.end(), [&](const stored_key& k) {
             return std::any_of(b.begin(), b.end(), [&](const stored_key& o) {
               return o.kvno == k.kvno && o.key.etype() == k.key.etype() && o.salt == k.salt &&
                      kerb::ct_equal(o.key.octets().unguarded(), k.key.octets().unguarded());
             });
           });
  }

  struct memory {
    std::string words;
    std::shared_ptr<const entry> it;
  };
  policy& crypto_;
  database db_;
  statement find_{db_.get(), "SELECT words FROM principal WHERE name = ?"};
  statement keys_{db_.get(), "SELECT kvno, etype, octets, salt FROM long_term_key WHERE principal = ?"};
  statement way_{db_.get(), "SELECT target FROM way WHERE start = ?"};
  statement put_key_{db_.get(), "INSERT OR REPLACE INTO long_term_key VALUES (?, ?, ?, ?, ?)"};
  std::unordered_map<std::string, memory> remembered_;
};

}  // namespace example
