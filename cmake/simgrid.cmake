# simgrid.cmake — tally_simgrid: the program on SimGrid's SMPI in place of an MPI, which
# launch/simgrid runs on the clock of a simulated network (src/comm/smpi.h).  Debian:
# libsimgrid-dev.  Built when asked for:
#
#     cmake --build --preset release --target tally_simgrid

find_path(SIMGRID_INCLUDE smpi/mpi.h)
find_library(SIMGRID_LIBRARY simgrid)
mark_as_advanced(SIMGRID_INCLUDE SIMGRID_LIBRARY)
if(NOT MPI_C_FOUND OR NOT SIMGRID_INCLUDE OR NOT SIMGRID_LIBRARY OR TALLY_SANITIZE)
  return()
endif()

# SMPI loads it once for each rank: a shared object with a main.  All but what calls MPI is
# that of the program.
add_library(tally_simgrid MODULE EXCLUDE_FROM_ALL src/cli/main.c src/comm/mpi.c
  src/comm/no_library.c
  $<TARGET_OBJECTS:tally_cli_objects>)
tally_warnings(tally_simgrid)
add_dependencies(tally_simgrid tally_static)
target_link_libraries(tally_simgrid PRIVATE $<TARGET_FILE:tally_static> ${SIMGRID_LIBRARY}
  ${needs})
target_include_directories(tally_simgrid PRIVATE include src)
target_include_directories(tally_simgrid SYSTEM BEFORE PRIVATE ${SIMGRID_INCLUDE}/smpi
  ${SIMGRID_INCLUDE})
target_compile_definitions(tally_simgrid PRIVATE TALLY_HAS_MPI)
target_compile_options(tally_simgrid PRIVATE -fvisibility=default)
set_target_properties(tally_simgrid PROPERTIES PREFIX "" SUFFIX "" OUTPUT_NAME tally-simgrid)
