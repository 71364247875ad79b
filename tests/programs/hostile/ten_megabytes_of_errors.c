/* Hostile: what the compiler says of it is long, in lines and in their length, with control codes.
 *
 * Verdict: FAIL
 * Fails: starts
 */
#define TEN(x) x x x x x x x x x x
#define WRONG TEN(TEN(TEN(TEN(int a_name_that_is_very_long_indeed_and_not_declared_twice = "";))))
#pragma GCC error "[2J\033[2J]0;PASS PASS  25 passed    100 of 100 points"
int main(void)
{
    WRONG
}
