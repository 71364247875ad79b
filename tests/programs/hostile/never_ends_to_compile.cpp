// Hostile: templates that instantiate one another, two by two, until memory is full.
//
// Verdict: FAIL
// Fails: starts
template <int depth, int side> struct Bomb {
    enum { value = Bomb<depth - 1, side * 2>::value + Bomb<depth - 1, side * 2 + 1>::value };
};
template <int side> struct Bomb<0, side> {
    enum { value = 1 };
};
int main() { return Bomb<29, 0>::value; }
