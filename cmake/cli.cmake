# cli.cmake — the program `tally`.  Its objects, but main, are linked by their tests too.

# What `tally doctor` looks at: one file a line of src/cli/doctor/list.def.
set(doctor)
tally_family(doctor src/cli/doctor)

add_library(tally_cli_objects OBJECT ${doctor}
  src/cli/arguments.c src/cli/bench.c src/cli/bench/exchange.c src/cli/bench/contender.c
  src/cli/bench/values.c src/cli/bench/shared.c src/cli/bench/talk.c src/cli/bench/entries.c
  src/cli/bench/machine.c src/cli/bench/kernel.c src/cli/bench/products.c src/cli/bench/rules.c
  src/cli/bench/bits.c src/cli/bench/activations.c src/cli/bench/codecs.c
  src/cli/bench/net.c src/cli/bench/links.c src/cli/bench/train.c src/cli/bench/compare.c
  src/cli/bench/target.c src/cli/bench/account.c src/cli/bench/ranking.c src/cli/bench/cost.c
  src/cli/bench/predict.c src/cli/bench/plan.c src/cli/bench/step.c src/cli/bench/meet.c
  src/cli/report.c src/cli/report/text.c src/cli/report/sheet.c src/cli/report/style.c
  src/cli/report/folder.c src/cli/report/metrics.c src/cli/report/plot.c src/cli/report/lines.c
  src/cli/report/bars.c src/cli/report/page.c src/cli/report/rows.c src/cli/report/summary.c
  src/cli/report/events.c src/cli/report/ranks.c src/cli/report/tensors.c src/cli/report/runs.c
  src/cli/report/colours.c src/cli/report/differences.c src/cli/report/options.c
  src/cli/report/parts.c src/cli/report/scaling.c src/cli/report/staleness.c
  src/cli/report/time.c
  src/cli/eval.c src/cli/facts.c
  src/cli/failure.c src/cli/help.c src/cli/info.c src/cli/json.c src/cli/markdown.c
  src/cli/places.c src/cli/doctor.c
  src/cli/progress.c src/cli/sizes.c src/cli/table.c src/cli/train.c src/cli/words.c)
add_executable(tally_cli src/cli/main.c)
if(TARGET MPI::MPI_C)
  # "Open MPI v4.1.4, package: ..." or "MPICH Version:      4.0.2 ..."
  string(REGEX MATCH "(Open MPI|MPICH)[^0-9]*([0-9][0-9.]*)" made "${MPI_C_LIBRARY_VERSION_STRING}")
  set(built_mpi "${CMAKE_MATCH_1} ${CMAKE_MATCH_2}, MPI ${MPI_C_VERSION}")
  if(NOT made)
    set(built_mpi "MPI ${MPI_C_VERSION}")
  endif()
else()
  set(built_mpi "none: self and sim alone")
endif()
set_source_files_properties(src/cli/info.c PROPERTIES
  COMPILE_DEFINITIONS "TALLY_BUILT_MPI=\"${built_mpi}\"")
set_target_properties(tally_cli_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
foreach(target tally_cli_objects tally_cli)
  tally_warnings(${target})
  target_link_libraries(${target} PRIVATE tally_static ${needs})
endforeach()
target_link_libraries(tally_cli PRIVATE tally_cli_objects)
target_link_options(tally_cli PRIVATE LINKER:--build-id=sha1) # src/base/build.c reads it
set_target_properties(tally_cli PROPERTIES OUTPUT_NAME tally)
