// libpq leaks about 2 KB when a connection breaks while a result is built; not ours to mend.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return "leak:PQmakeEmptyPGresult\nleak:libpq\n";
}
