/*
 * Mutant of pipe_conversation: the program of the text, in other words; what it leaves out shows.
 *
 * Fails: works-from-a-pipe, unused-ends-closed, notices-a-dead-partner, ends-and-reaps,
 *        keeps-long-messages-whole
 */
#include <cstring>
#include <iostream>
#include <unistd.h>

const int ROOM = 30;
const int EXCHANGES = 3;

int main()
{
    int upward[2], downward[2];
    char words[ROOM];

    pipe(upward);
    pipe(downward);
    if (fork() == 0) {
        for (int turn = 0; turn < EXCHANGES; turn++) {
            std::cout << "Child : ";
            std::cin.getline(words, ROOM);
            write(upward[1], words, std::strlen(words));
            std::memset(words, 0, ROOM);
            read(downward[0], words, ROOM);
            std::cout << "from Parent : " << words << std::endl;
        }
    } else {
        for (int turn = 0; turn < EXCHANGES; turn++) {
            std::memset(words, 0, ROOM);
            read(upward[0], words, ROOM);
            std::cout << "from Child : " << words << std::endl;
            std::cout << "Parent : ";
            std::cin.getline(words, ROOM);
            write(downward[1], words, std::strlen(words));
        }
    }
    return 0;
}
