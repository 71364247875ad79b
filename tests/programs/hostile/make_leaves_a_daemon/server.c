#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* It says whether the build's folder is still its own to write to, and ends. */
int main(void)
{
    struct stat about;
    int fd = open("../program/mine", O_CREAT | O_WRONLY, 0644);
    printf("a new file %s\n", fd == -1 ? "refused" : "GOT THROUGH");
    printf("the program %s\n", open("../program/server", O_WRONLY) == -1 ? "refused" : "GOT THROUGH");
    printf("rename %s\n", rename("../program/server", "../program/old") ? "refused" : "GOT THROUGH");
    stat("../program/server", &about);
    printf("set-user-id %s\n", about.st_mode & 06000 ? "GOT THROUGH" : "refused");
    printf("root %s\n", geteuid() ? "refused" : "GOT THROUGH");
    return 1;
}
