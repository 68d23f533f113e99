// Small random histories of a simulated atomic register, sometimes damaged, and an exhaustive search
// that is right by being simple.
#ifndef HOLDFAST_TESTS_UNIT_CHECK_HISTORY_GENERATOR_H_
#define HOLDFAST_TESTS_UNIT_CHECK_HISTORY_GENERATOR_H_

#include <string>
#include <vector>

#include "harness/base/random.h"
#include "harness/check/history/model.h"

namespace holdfast::check::history {

// What the generator may use.
struct RegisterShape {
  uint32_t operations = 10;
  uint32_t clients = 4;
  uint32_t domain = 0;     // 0: every write has a value of its own.
  bool swaps = false;      // Compare-and-swaps; one whose expectation is wrong becomes a read.
  bool refusals = false;   // ... or a refusal that says only that the state differed.
  uint32_t crashes = 0;    // Per hundred writes.
  bool ties = true;        // Equal times.
  bool damage = false;     // Reads of other values, answers that come too early.
};

// A shape of its own for each seed.
RegisterShape RandomShape(Random& random);
// Operations in the order of invocation; Op::index is the position. The initial value is kNil.
std::vector<Op> Generate(const RegisterShape& shape, Random& random);
std::string Print(const std::vector<Op>& ops);

// Tries all orders, remembering what was seen. At most 24 operations.
class Exhaustive {
 public:
  static bool Linearizable(const std::vector<Op>& ops, uint32_t initial = kNil);

 private:
  // What was tried, kept from search to search: a set that is emptied by counting on.
  class Tried {
   public:
    void Clear() { ++round_; count_ = 0; }
    // False when it was there already.
    bool Insert(uint64_t key);

   private:
    std::vector<uint64_t> keys_ = std::vector<uint64_t>(1024);
    std::vector<uint64_t> rounds_ = std::vector<uint64_t>(1024, 0);
    uint64_t round_ = 0;
    size_t count_ = 0;
  };
  Exhaustive(const std::vector<Op>& ops, Tried& tried) : ops_(ops), tried_(tried) {}
  bool Search(uint32_t done, uint32_t state);
  const std::vector<Op>& ops_;
  uint32_t must_ = 0;
  Tried& tried_;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_TESTS_UNIT_CHECK_HISTORY_GENERATOR_H_
