// The final reads of a scenario: what every node held when the dust had settled.
#ifndef HOLDFAST_HARNESS_CHECK_FINALS_H_
#define HOLDFAST_HARNESS_CHECK_FINALS_H_

#include <map>
#include <string>
#include <vector>

#include "harness/check/context.h"

namespace holdfast::check {

struct FinalReads {
  std::string primary;  // The node whose role is primary; empty when it is not known.
  // Where every node has keys of its own (header field "owners"): the node of each key, and
  // `primary` is empty.
  std::map<size_t, std::string> owners;
  // The node whose final read of the key decides; empty when it is not known.
  [[nodiscard]] const std::string& PrimaryOf(size_t key) const {
    const auto owner = owners.find(key);
    return owner == owners.end() ? primary : owner->second;
  }
  // By node and key (index into History::keys); the last successful read of each.
  std::map<std::string, std::map<size_t, const trace::Operation*>> nodes;
  std::vector<size_t> keys;  // Keys that were written to before the final reads.
  // What is missing, one clause each; `primary_missing` concerns the primary.
  std::vector<std::string> missing;
  std::vector<std::string> primary_missing;
};

// REQUIRES a history.
FinalReads FindFinals(const Context& context, const Window& window);

// nullopt when the window owes final reads; else why a check of data does not apply to it.
std::optional<std::string> DataExcuse(const Context& context, const Window& window);
// Everything in the history that forbids a pass in this window. False when there is no history.
bool CheckHistory(Judgement& judge);

// "row 123 (key w0, writer 0, sequence 123)".
std::string RowName(const Context& context, int64_t value, size_t key);
// A finding about a row; `lines` are of the history.
Finding RowFinding(const Context& context,
                   std::string sentence,
                   int64_t time,
                   int64_t value,
                   const std::vector<int64_t>& lines);
// The add of a value, or nullptr when nobody attempted it.
const trace::Operation* FindAdd(const Context& context, int64_t value);
std::string NanoSeconds(int64_t time);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_FINALS_H_
