// A fleet's replay cache in a Redis server. README.md in this folder explains why it accepts a request at most once.
#pragma once
#include <charconv>
#include <ctime>
#include <kerb/botan.hpp>

#include "redis_pipe.hpp"
#include "redis_text.hpp"
#include "replay_options.hpp"

namespace example {

using policy = kerb::botan::policy;

/// Reports whether an authenticator is new, through a function that it calls later. The verdict is `unknown` if Redis
/// is unavailable or slow, or has lost its memory or might lose it.
class shared_replays {
 public:
  using told = std::function<void(kerb::replay_verdict)>;
  using log_line = std::function<void(const std::string&)>;

  shared_replays(const replay_options& o, policy& crypto, log_line log)
      : o_(o), crypto_(crypto), log_(std::move(log)), pipe_(o_.redis) {}

  /// `now` is the time at which the acceptor checked the authenticator's age.
  void ask(const kerb::check_replay& what, kerb::kerberos_time now, told tell) {
    if (epoch_.empty()) return tell(kerb::replay_verdict::unknown);
    // Longer than this acceptor accepts it: its clock may be ahead of Redis's, and another acceptor's behind
    const std::int64_t left = what.forget_after.seconds - now.seconds + 2 * o_.apart;
    if (left < 1 || left > 2 * (o_.skew + o_.apart) + 1) return tell(kerb::replay_verdict::unknown);
    // One transaction: enter it unless it is there, and return the name of the memory and the time
    pipe_.ask({"MULTI"}, ignore);
    pipe_.ask({"SET", o_.prefix + hex(what.digest), "1", "NX", "PX", std::to_string(1000 * left)},
              [this](const redisReply* r) { (void)complains(r); });
    pipe_.ask({"GET", epoch_key_}, ignore);
    pipe_.ask({"INFO", "replication"}, ignore);
    pipe_.ask({"TIME"}, ignore);
    const bool too_early = what.forget_after <= blind_to_;  // asked nevertheless, so that the digest is entered
    pipe_.ask({"EXEC"}, [this, now, too_early, epoch = epoch_, tell = std::move(tell)](const redisReply* r) {
      const kerb::replay_verdict v = judge(r, now.seconds, epoch);
      tell(too_early && v == kerb::replay_verdict::fresh ? kerb::replay_verdict::unknown : v);
    });
  }

  pollfd wanted() const { return pipe_.wanted(); }
  void go_on() {
    if (pipe_.is_open() && !pipe_.go_on() && pipe_.is_open()) lose("the connection has ended");
  }
  /// Connects if it is time to, and drops a connection whose reply is late. Returns when to call again.
  steady::time_point tick() {
    const auto now = steady::now();
    if (pipe_.is_open() && now - o_.patience >= pipe_.waiting_since()) lose("no answer in time");
    if (!pipe_.is_open() && now >= again_) {
      again_ = now + std::chrono::milliseconds(200);
      if (pipe_.open()) greet();
    }
    if (!pipe_.is_open()) return again_;
    const auto since = pipe_.waiting_since();
    return since == steady::time_point::max() ? now + std::chrono::hours(1) : since + o_.patience;
  }
  /// States that no accepted request has been forgotten: what Redis does not know is new.
  void vouch(std::function<void(bool)> done) { vouched_ = std::move(done); }

 private:
  kerb::replay_verdict judge(const redisReply* r, std::int64_t now, const std::string& epoch) {
    using enum kerb::replay_verdict;
    if (r == nullptr || r->type != REDIS_REPLY_ARRAY || r->elements != 4) return unknown;
    const redisReply *const entered = r->element[0], *const found = r->element[1], *const info = r->element[2];
    if (entered->type == REDIS_REPLY_NIL) return seen;
    if (text_of(entered) != "OK") return unknown;
    if (text_of(found) != epoch || field(text_of(info), "master_replid") != replication_) {
      if (epoch_ == epoch) {  // otherwise it is known already
        epoch_.clear();
        say("the memory is not the one it was");
        greet();
      }
      return unknown;
    }
    const std::int64_t difference = seconds_of(r->element[3]) - now;
    if (-o_.apart <= difference && difference <= o_.apart) return fresh;
    say("its clock differs from this one by " + std::to_string(difference) + " s");
    return unknown;
  }

  /// Finds out which memory this is. A server that starts or becomes master has a new replication id, and may lack the
  /// last entries. So the name of the memory is bound to that id, and is lost with the memory.
  void greet() {
    if (!o_.password.empty()) pipe_.ask({"AUTH", o_.password}, ignore);  // INFO fails if the password was wrong
    pipe_.ask({"INFO"}, [this](const redisReply* r) {
      if (r == nullptr || complains(r)) return;
      const std::string_view info = text_of(r);
      replication_ = field(info, "master_replid");
      if (replication_.empty() || field(info, "role") != "master") return lose("it is no master");
      if (field(info, "maxmemory") != "0" && field(info, "maxmemory_policy") != "noeviction")
        return lose("its maxmemory-policy is not noeviction: it would forget");
      epoch_key_ = o_.prefix + "epoch:" + replication_;
      begin_epoch();
    });
  }
  /// The name of a memory begins with the time at which it was created, by Redis's clock, or with 0 after vouch().
  void begin_epoch() {
    std::array<std::uint8_t, 8> random{};
    if (!crypto_.fill(random)) return lose("no randomness");
    const std::string mine = ":" + hex(random);
    if (vouched_) pipe_.ask({"SET", epoch_key_, "0" + mine}, ignore);
    const char* const enter = "return redis.call('SET', KEYS[1], redis.call('TIME')[1] .. ARGV[1], 'NX')";
    pipe_.ask({"EVAL", enter, "1", epoch_key_, mine}, ignore);
    pipe_.ask({"GET", epoch_key_}, [this, mine](const redisReply* r) {
      if (r == nullptr || complains(r)) return;
      const std::string epoch(text_of(r));
      std::int64_t began = -1;
      const auto [end, fault] = std::from_chars(epoch.data(), epoch.data() + epoch.size(), began);
      if (fault != std::errc{} || began < 0 || *end != ':') return lose("no epoch can be had: " + epoch);
      epoch_ = epoch;
      // Covers all that may have been accepted before, by an acceptor ahead of a Redis that was ahead of this clock
      blind_to_ = kerb::plus({began}, 2 * o_.skew + 1 + 4 * o_.apart);
      const std::int64_t blind_for = began + o_.skew + 4 * o_.apart - std::time(nullptr);
      say(blind_for <= 0
              ? "connected"
              : "connected, its memory was lost: refusing everybody for " + std::to_string(blind_for) + " s");
      if (vouched_) std::exchange(vouched_, {})(epoch == "0" + mine);
    });
  }

  static void ignore(const redisReply*) {}
  bool complains(const redisReply* r) {
    const bool error = r != nullptr && r->type == REDIS_REPLY_ERROR;
    if (error) lose(std::string(text_of(r)));
    return error;
  }
  void lose(const std::string& why) {
    say(why);
    epoch_.clear();
    again_ = steady::now() + std::chrono::milliseconds(200);
    pipe_.close();
  }
  void say(const std::string& what) {
    if (what != std::exchange(said_, what)) log_("redis: " + what);
  }

  replay_options o_;
  policy& crypto_;
  log_line log_;
  redis_pipe pipe_;
  std::string replication_, epoch_key_, epoch_;  ///< of the current memory; without a usable one, epoch_ is empty
  kerb::kerberos_time blind_to_{};
  steady::time_point again_{};
  std::function<void(bool)> vouched_;
  std::string said_;
};

}  // namespace example
