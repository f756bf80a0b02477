// SPDX-License-Identifier: MIT
// libFuzzer's view of the example programs' command lines: the first byte chooses the program, the lines that follow are its
// arguments. They are taken, or refused by exit code 2 in one line on standard error that begins with the program's name.
#include "must.hpp"

#include <iostream>
#include <vector>

#define PROGRAM(name) int name##_main(int, char**);
BRACEWELL_FUZZ_PROGRAMS
#undef PROGRAM

namespace {

struct Program {
  const char* name;
  int (*main)(int, char**);
};
#define PROGRAM(name) {#name, name##_main},
const Program programs[] = {BRACEWELL_FUZZ_PROGRAMS};
#undef PROGRAM

/// What is printed to standard error while this is there.
class Errors {
 public:
  Errors() : before_(stderr) { stderr = open_memstream(&text_, &size_); }
  ~Errors() {
    std::fclose(stderr);
    stderr = before_;
    std::free(text_);
  }
  Errors(const Errors&) = delete;

  std::string text() {
    std::fflush(stderr);
    return {text_, size_};
  }

 private:
  std::FILE* before_;
  char* text_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  std::cout.rdbuf(nullptr);  // help
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  const Program& program = programs[data[0] % std::size(programs)];
  std::vector<std::string> words{program.name};
  if (size > 1) words.emplace_back();
  for (std::size_t i = 1; i < size; ++i) {
    if (data[i] == '\n') {
      words.emplace_back();
    } else if (data[i] != 0) {
      words.back() += char(data[i]);
    }
  }
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  int code = 0;
  std::string told;
  {
    Errors errors;
    code = program.main(int(words.size()), arguments.data());
    told = errors.text();
  }
  must(code == 0 || code == 2, "another exit code than 0 and 2", program.name);
  must((code == 2) == !told.empty(), "an exit code without words, or words without", program.name);
  if (told.empty()) return 0;
  must(told.rfind(std::string(program.name) + ": ", 0) == 0, told.c_str(), program.name);
  must(told.find('\n') + 1 == told.size(), "more than one line", program.name);
  must(told.size() < 1000 + 2 * size, "a long sentence", program.name);
  return 0;
}
